import assert from "node:assert/strict";
import { test } from "node:test";
import { type Request, requestOf, shownVerbosity, verbosityAfter } from "./verbosity.ts";

type Set = Request & { type: "set" };

test("a flag alone shows, a flag with a number sets", () => {
  const shows = requestOf({ "virt-api": true, "virt-handler": "10" });
  assert.deepEqual(shows, { type: "show", components: ["virt-api", "virt-handler"] });
  assert.deepEqual(requestOf({ "virt-api": "5" }), { type: "set", to: { virtAPI: 5 }, reset: false });
  assert.deepEqual(requestOf({ all: "3", "virt-launcher": "7" }), {
    type: "set",
    to: { virtAPI: 3, virtController: 3, virtHandler: 3, virtLauncher: 7, virtOperator: 3 },
    reset: false,
  });
});

test("what contradicts itself is refused in virtctl's words", () => {
  assert.throws(() => requestOf({}), /no flag specified/);
  assert.throws(() => requestOf({ "virt-api": true, "virt-handler": "3" }), /only show or set is allowed/);
  assert.throws(() => requestOf({ reset: true, "virt-api": true }), /only show or set is allowed/);
  assert.throws(() => requestOf({ reset: true, all: "3" }), /cannot be given together/);
  for (const wrong of ["11", "-1", "x", ""])
    assert.throws(() => requestOf({ "virt-api": wrong }), /virt-api: log verbosity must be 0-9/);
});

test("what nobody set shows as the usual", () => {
  assert.deepEqual(shownVerbosity(["virt-api", "virt-handler"], { virtHandler: 4 }), ["virt-api=2", "virt-handler=4"]);
});

test("setting keeps the rest, resetting does not", () => {
  const stored = { virtAPI: 4, nodeVerbosity: { one: 6 } };
  const after = (request: Request) => verbosityAfter(request as Set, stored);
  assert.deepEqual(after(requestOf({ "virt-handler": "3" })), { ...stored, virtHandler: 3 });
  assert.deepEqual(after(requestOf({ reset: true, "virt-handler": "3" })), { virtHandler: 3 });
  assert.deepEqual(after(requestOf({ reset: true })), {});
});
