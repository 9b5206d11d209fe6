/** The rows of docs/kubevirt-parity.md name tests that exist and refusals that are made. That the tests pass is for `npm test` to say. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { refusedSettings } from "../../api/kubevirt/configuration.ts";
import { knownMetadata } from "../../api/kubevirt/known-metadata.ts";
import { unavailable } from "../../api/kubevirt/validate/unavailable.ts";
import { planStages } from "../../scripts/test-chains.ts";
import type { Feature } from "./feature.ts";
import { features } from "./features.ts";
import { unproven } from "./unproven.ts";

const rows = 159;
const withGuests = /^test\/(cli|embedded|migration|node-agent|qemu|vm-api|workloads)\//;

test("each row is there once, in order", () => {
  assert.deepEqual(
    features.map(({ row }) => row),
    Array.from({ length: rows }, (_, index) => index + 1),
  );
});

test("each test that a row names is in its file", () => {
  const sources = new Map<string, string>();
  const sourceOf = (file: string): string => {
    const known = sources.get(file) ?? (existsSync(file) ? readFileSync(file, "utf8") : "");
    sources.set(file, known);
    return known;
  };
  const lost = testsOf(features).filter(({ file, name }) => !sourceOf(file).includes(JSON.stringify(name)));
  assert.deepEqual(lost, []);
});

test("each test that a row names is run by npm test", () => {
  const run = new Set(planStages({ withCluster: false }).flatMap(({ chains }) => chains.flat()));
  const real = testsOf(features).filter(({ file }) => file.startsWith("test/"));
  assert.deepEqual(
    real.filter(({ file }) => !run.has(file) && !file.startsWith("test/fields/")),
    [],
  );
});

test("what is guest-tested is tested where there are guests", () => {
  const guests = features.filter(({ proof }) => proof.kind === "guest");
  assert.deepEqual(
    testsOf(guests).filter(({ file }) => !withGuests.test(file)),
    [],
  );
});

test("each field that a row calls refused is refused", () => {
  const annotations = knownMetadata.filter(({ outcome }) => outcome === "refused").map(({ name }) => name);
  const refused = new Set([
    ...unavailable.map(({ path }) => path),
    ...annotations.map((name) => `metadata.annotations[${name}]`),
    ...Object.keys(refusedSettings).map((name) => `configuration.${name}`),
  ]);
  const fields = features.flatMap(({ proof }) => (proof.kind === "refused" ? proof.fields : []));
  assert.deepEqual(
    fields.filter((field) => !refused.has(field)),
    [],
  );
});

test("a row whose test did not pass is found, unless its file did not run", () => {
  const tests = [
    { file: "a", name: "passes" },
    { file: "a", name: "fails" },
    { file: "b", name: "did not run" },
  ];
  const feature: Feature = { row: 1, name: "one", proof: { kind: "guest", tests } };
  const found = unproven([feature], { files: new Set(["a"]), passed: [{ file: "a", name: "passes" }] });
  assert.deepEqual(found, ["row 1 (one) needs a > fails"]);
});

function testsOf(some: readonly Feature[]) {
  return some.flatMap(({ proof }) => ("tests" in proof ? proof.tests : []));
}
