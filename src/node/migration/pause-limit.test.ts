import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseAllowedMs } from "./pause-limit.ts";

test("a guest stands still for a moment, or for longer when pass after pass does not suffice, but never for longer than QEMU has it", () => {
  const ram = { remaining: 1, transferred: 1, total: 1 };
  const allowed = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((pass) =>
    pauseAllowedMs({ ram: { ...ram, "dirty-sync-count": pass } }),
  );
  assert.deepEqual(allowed, [25, 25, 25, 50, 100, 200, 300, 300, 300]);
  assert.equal(pauseAllowedMs({ status: "setup" }), 25);
});
