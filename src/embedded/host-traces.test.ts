import assert from "node:assert/strict";
import { test } from "node:test";
import { endProcesses } from "./host-traces.ts";

/** More than the kernel gives out. */
const nobody = 2 ** 22 + 1;

test("processes are waited for until they have ended, however long that takes", async () => {
  const goneMs = performance.now() + 2_000;
  await endProcesses(() => Promise.resolve(performance.now() < goneMs ? [nobody] : []));
  assert.ok(performance.now() >= goneMs);
});
