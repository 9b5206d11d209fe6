import assert from "node:assert/strict";
import { test } from "node:test";
import { createExpiringCache } from "./expiring-cache.ts";

test("an answer holds for its time and not longer", () => {
  let now = 0;
  const cache = createExpiringCache<string>({ lifetimeMs: 100, now: () => now });
  cache.set("a", "yes");
  now = 99;
  assert.equal(cache.get("a"), "yes");
  now = 100;
  assert.equal(cache.get("a"), undefined);
});

test("the oldest makes room", () => {
  const cache = createExpiringCache<number>({ lifetimeMs: 100, most: 2, now: () => 0 });
  for (const [index, key] of ["a", "b", "a", "c"].entries()) cache.set(key, index);
  assert.deepEqual(
    ["a", "b", "c"].map((key) => cache.get(key)),
    [2, undefined, 3],
  );
});
