import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStore } from "./create-store.ts";
import { createHistory } from "./history.ts";
import type { Journal, JournalRow } from "./journal.ts";
import { StoreClosedError, StoreFullError } from "./store.ts";

/** A journal whose every commit the test lets through or fails. */
function create() {
  const commits: { rows: JournalRow[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  const journal: Journal = {
    append: (rows) => new Promise((succeed, fail) => commits.push({ rows, succeed, fail })),
    compact: async () => undefined,
    close: async () => undefined,
  };
  const store = createStore(createHistory({ values: [], revision: 0 }), journal);
  const nextCommit = async () => {
    for (;;) {
      const commit = commits.shift();
      if (commit) return commit;
      await new Promise(setImmediate);
    }
  };
  return { store, nextCommit };
}

describe("group commit", () => {
  it("makes durable together what is written together, and meanwhile gathers the next group", async () => {
    const { store, nextCommit } = create();
    const writes = [store.create("/a", "1"), store.create("/b", "1")];
    const first = await nextCommit();
    writes.push(store.update("/a", "2", 1), store.create("/c", "1"));
    first.succeed();
    const second = await nextCommit();
    assert.deepEqual(
      [first, second].map(({ rows }) => rows.map(({ revision }) => revision)),
      [
        [1, 2],
        [3, 4],
      ],
    );
    second.succeed();
    assert.deepEqual(await Promise.all(writes), [1, 2, 3, 4]);
  });

  it("shows nobody what is not durable yet", async () => {
    const { store, nextCommit } = create();
    const writing = store.create("/a", "1");
    const commit = await nextCommit();
    assert.equal(await store.get("/a"), undefined);
    assert.equal(store.currentRevision(), 0);
    const watched = store.watch("/", { fromRevision: 0, signal: AbortSignal.timeout(5000) })[Symbol.asyncIterator]();
    assert.deepEqual((await watched.next()).value, { type: "progress", revision: 0 });
    const next = watched.next();
    commit.succeed();
    await writing;
    assert.equal((await next).value.revision, 1);
    await store.close();
  });

  it("decides writes by what is about to be durable", async () => {
    const { store, nextCommit } = create();
    const writing = store.create("/a", "1");
    const commit = await nextCommit();
    await assert.rejects(store.create("/a", "2"), { name: "KeyExistsError" });
    await assert.rejects(store.update("/a", "2", 7), { name: "RevisionConflictError" });
    commit.succeed();
    await writing;
  });

  it("goes on after a full disk, as if nothing had been asked", async () => {
    const { store, nextCommit } = create();
    const failing = store.create("/a", "1");
    const commit = await nextCommit();
    const onTop = store.update("/a", "2", 1);
    commit.fail(new StoreFullError("full"));
    await assert.rejects(failing, StoreFullError);
    await assert.rejects(onTop, StoreFullError);
    const again = store.create("/a", "1");
    (await nextCommit()).succeed();
    assert.equal(await again, 1);
  });

  it("refuses writes after any other failure, and still reads", async () => {
    const { store, nextCommit } = create();
    const first = store.create("/a", "1");
    (await nextCommit()).succeed();
    await first;
    const failing = store.create("/b", "1");
    (await nextCommit()).fail(new Error("input/output error"));
    await assert.rejects(failing, StoreClosedError);
    await assert.rejects(store.create("/c", "1"), /input\/output error/);
    assert.equal((await store.get("/a"))?.value, "1");
    await store.close();
  });
});
