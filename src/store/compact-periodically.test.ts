import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCompactor } from "./compact-periodically.ts";
import { createMemoryStore } from "./memory.ts";

describe("compactor", () => {
  it("keeps one to two intervals of history", async () => {
    const store = createMemoryStore();
    const compactor = createCompactor(store, 1000);
    await store.create("/1", "");
    await compactor.endInterval();
    assert.equal(store.compactedRevision(), 0);
    await store.create("/2", "");
    await compactor.endInterval();
    assert.equal(store.compactedRevision(), 1);
    await compactor.endInterval();
    assert.equal(store.compactedRevision(), 2);
    await compactor.endInterval();
    assert.equal(store.compactedRevision(), 2);
  });

  it("forgets earlier when there is too much", async () => {
    const store = createMemoryStore();
    const compactor = createCompactor(store, 10);
    for (let i = 0; i < 25; i++) await store.create(`/${i}`, "");
    await compactor.limit();
    assert.equal(store.compactedRevision(), 15);
    assert.equal((await store.list("/")).items.length, 25);
  });
});
