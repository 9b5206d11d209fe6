import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { testStoreConformance } from "./conformance.ts";
import { openSqliteStore } from "./sqlite.ts";

let directory = "";
let files = 0;
const freshPath = () => join(directory, `${files++}`, "state.db");

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "vmpod-store-"));
});
after(() => rm(directory, { recursive: true }));

testStoreConformance("sqlite store", { open: () => openSqliteStore(freshPath()) });

describe("sqlite store: file", () => {
  it("has everything again after it is opened anew, history included", async () => {
    const path = freshPath();
    const first = await openSqliteStore(path);
    await first.create("/a", "1");
    await first.create("/gone", "1");
    await first.update("/a", "2", 1);
    await first.delete("/gone");
    await first.compact(2);
    await first.close();

    const second = await openSqliteStore(path);
    assert.equal(second.currentRevision(), 4);
    assert.equal(second.compactedRevision(), 2);
    assert.deepEqual(await second.get("/a"), { key: "/a", value: "2", revision: 3, createRevision: 1 });
    assert.equal(await second.get("/gone"), undefined);
    assert.deepEqual(
      (await second.list("/", { revision: 2 })).items.map(({ key, value }) => key + value),
      ["/a1", "/gone1"],
    );
    const abort = new AbortController();
    const revisions: number[] = [];
    for await (const event of second.watch("/", { fromRevision: 2, signal: abort.signal })) {
      if (event.type === "progress") abort.abort();
      else revisions.push(event.revision);
    }
    assert.deepEqual(revisions, [3, 4]);
    assert.equal(await second.create("/b", ""), 5);
    await second.close();
  });

  it("goes on with the revisions when everything was compacted away", async () => {
    const path = freshPath();
    const first = await openSqliteStore(path);
    await first.create("/a", "1");
    await first.delete("/a");
    await first.compact(2);
    await first.close();
    const second = await openSqliteStore(path);
    assert.equal(second.currentRevision(), 2);
    assert.equal(await second.create("/a", "1"), 3);
    await second.close();
  });

  it("is readable by its owner only", async () => {
    const path = freshPath();
    const store = await openSqliteStore(path);
    await store.create("/secret", "x");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(`${path}-wal`)).mode & 0o777, 0o600);
    await store.close();
  });

  it("cannot be opened by two at once", async () => {
    const path = freshPath();
    const first = await openSqliteStore(path);
    await assert.rejects(openSqliteStore(path, { lockTimeoutMs: 50 }), /another process uses it/);
    await first.create("/a", "1");
    await first.close();
    const second = await openSqliteStore(path, { lockTimeoutMs: 50 });
    assert.equal(second.currentRevision(), 1);
    await second.close();
  });

  it("says which file it could not open", async () => {
    await assert.rejects(openSqliteStore("/dev/null/state.db"), /\/dev\/null/);
  });
});
