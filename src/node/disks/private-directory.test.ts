import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { withPrivateDirectory } from "./private-directory.ts";

const names = { name: ".disk.unfinished", file: "unfinished" };

async function shared(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-private-"));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

async function make(parent: string): Promise<void> {
  await withPrivateDirectory(parent, names, async ({ pathOf, pathAround }) => {
    await writeFile(pathOf("unfinished"), "content", { flag: "wx" });
    await rename(pathOf("unfinished"), pathAround("disk"));
  });
}

test("a file is made and nothing else stays, whatever a killed predecessor left", async (t) => {
  const parent = await shared(t);
  await mkdir(join(parent, names.name), { mode: 0o700 });
  await writeFile(join(parent, names.name, "unfinished"), "half");
  await make(parent);
  assert.deepEqual(await readdir(parent), ["disk"]);
  assert.equal(await readFile(join(parent, "disk"), "utf8"), "content");
});

test("a link in the place of the directory or of the file leads nowhere", async (t) => {
  const parent = await shared(t);
  const victim = await shared(t);
  await writeFile(join(victim, "disk"), "precious");
  await symlink(victim, join(parent, names.name));
  await assert.rejects(make(parent), { code: "ENOTDIR" });
  await rm(join(parent, names.name));
  await symlink(join(victim, "disk"), join(parent, "disk"));
  await make(parent);
  assert.equal(await readFile(join(victim, "disk"), "utf8"), "precious");
  assert.deepEqual(await readdir(victim), ["disk"]);
});

test("a directory that others may write to is refused", async (t) => {
  const parent = await shared(t);
  await mkdir(join(parent, names.name));
  await chmod(join(parent, names.name), 0o777);
  await assert.rejects(make(parent), /somebody else made it/);
});
