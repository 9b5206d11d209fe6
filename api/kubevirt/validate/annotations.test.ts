import assert from "node:assert/strict";
import { test } from "node:test";
import { validateAnnotations } from "./annotations.ts";

const field = "metadata.annotations[kubevirt.io/ignitiondata]";
const causesOf = (ignition: string) =>
  validateAnnotations({ "kubevirt.io/ignitiondata": ignition }, "metadata.annotations");

test("Ignition data is a JSON object that fits an argument", () => {
  assert.deepEqual(validateAnnotations(undefined, "metadata.annotations"), []);
  assert.deepEqual(validateAnnotations({ other: "{" }, "metadata.annotations"), []);
  assert.deepEqual(causesOf('{"ignition": {"version": "3.4.0"}}'), []);
  for (const wrong of ["", "{", "[]", "null", "#cloud-config"]) {
    const [cause, ...more] = causesOf(wrong);
    assert.deepEqual([cause?.field, more], [field, []], wrong);
    assert.match(cause?.message ?? "", /is not a JSON object/);
  }
  assert.match(causesOf(`{"a": "${"x".repeat(61_440)}"}`)[0]?.message ?? "", /"61449 bytes": exceeds 61440 bytes/);
});

test("room for devices above 4 GiB is taken from amd64's guests only", () => {
  const hole = { "kubevirt.io/disablePCIHole64": "true" };
  assert.deepEqual(validateAnnotations(hole, "at"), []);
  assert.deepEqual(
    validateAnnotations(hole, "at", "arm64").map(({ message }) => message),
    ["Forbidden: a machine of arm64 always has room for devices above 4 GiB: leave it out"],
  );
  assert.deepEqual(validateAnnotations({ "kubevirt.io/disablePCIHole64": "false" }, "at", "arm64"), []);
});

test("the metadata service is on or off", () => {
  const fields = (value: string) =>
    validateAnnotations({ "vmpod.dev/metadata-service": value, other: "x" }, "at").map(({ field }) => field);
  assert.deepEqual([fields("true"), fields("false")], [[], []]);
  assert.deepEqual(fields("yes"), ["at[vmpod.dev/metadata-service]"]);
});
