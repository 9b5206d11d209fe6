import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readMountedFiles } from "./mounted-files.ts";

test("a Secret is read as the kubelet lays it out", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-mounted-"));
  context.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "..2026_01_01"));
  writeFileSync(join(directory, "..2026_01_01", "userdata"), "#cloud-config\n");
  symlinkSync("..2026_01_01", join(directory, "..data"));
  symlinkSync("..data/userdata", join(directory, "userdata"));
  assert.deepEqual(await readMountedFiles(directory), { userdata: Buffer.from("#cloud-config\n") });
});
