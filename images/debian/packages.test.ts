import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { publish } from "./packages.ts";

const directory = await mkdtemp(join(tmpdir(), "vmpod-packages-"));
after(() => rm(directory, { recursive: true }));

test("of two who fetch a package at the same time one publishes it, and both have it", async () => {
  const unpacked = ["one", "two"].map((name) => join(directory, name, "unpacked"));
  for (const each of unpacked) {
    await mkdir(each, { recursive: true });
    await writeFile(join(each, "program"), "content");
  }
  await Promise.all(
    unpacked.map((each) => publish(each, join(directory, "busybox_1_amd64"), join(directory, "busybox"))),
  );
  assert.equal(await readFile(join(directory, "busybox", "program"), "utf8"), "content");
  assert.deepEqual(await readdir(join(directory, "one")), []);
  assert.deepEqual(await readdir(join(directory, "two")), []);
});
