import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { deviceNumbers, ensurePrivateNode } from "./private-node.ts";

test("device numbers are taken apart as the kernel does", () => {
  assert.deepEqual(deviceNumbers(0x0103), { major: 1, minor: 3 });
  assert.deepEqual(deviceNumbers(0x0ac8), { major: 10, minor: 200 });
  assert.deepEqual(deviceNumbers(0x1234_5678), { major: 0x456, minor: 0x12378 });
});

test("the node is the same device, for its owner alone, and made only when it differs", {
  skip: process.getuid?.() !== 0 && "needs root",
}, async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-node-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const wanted = { source: "/dev/null", directory: join(directory, "devices"), owner: 107 };
  const path = await ensurePrivateNode(wanted);
  const { rdev, uid, gid, mode, ino } = statSync(path);
  assert.deepEqual([rdev, uid, gid, mode & 0o777], [statSync("/dev/null").rdev, 107, 107, 0o660]);
  assert.equal(await ensurePrivateNode(wanted), path);
  assert.equal(statSync(path).ino, ino);
  chmodSync(path, 0o666);
  await ensurePrivateNode(wanted);
  assert.equal(statSync(path).mode & 0o777, 0o660);
  assert.deepEqual(readdirSync(wanted.directory), ["null"]);
});
