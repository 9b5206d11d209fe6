/** A disk that runs full: writes fail clearly, reads go on, and so does everything once there is room again. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exec } from "../../src/base/exec.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { StoreFullError } from "../../src/store/store.ts";

describe("a store on a full disk", () => {
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-full-"));
    await exec(["mount", "-t", "tmpfs", "-o", "size=4m", "vmpod-test", directory]);
  });
  after(async () => {
    await exec(["umount", "--lazy", directory]);
    await rm(directory, { recursive: true });
  });

  it("refuses what does not fit, keeps what it has, and recovers", async () => {
    const path = join(directory, "state.db");
    const store = await openSqliteStore(path);
    const filler = join(directory, "filler");
    await writeFile(filler, Buffer.alloc(2 << 20));

    let written = 0;
    const fill = async () => {
      for (; ; written++) await store.create(`/${written}`, "x".repeat(20_000));
    };
    await assert.rejects(fill, StoreFullError);
    assert.ok(written > 10);
    assert.equal((await store.list("/")).items.length, written);
    await assert.rejects(
      Promise.all([store.create("/big", "x".repeat(3 << 20)), store.create("/more", "x")]),
      StoreFullError,
    );

    await rm(filler);
    assert.equal(await store.create("/after", "x".repeat(20_000)), written + 1);
    await store.close();

    const again = await openSqliteStore(path);
    assert.equal(again.currentRevision(), written + 1);
    assert.equal((await again.list("/")).items.length, written + 1);
    await again.close();
  });
});
