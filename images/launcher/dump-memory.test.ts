/** The script itself, with this machine's shell and tools; `mkfifo` and `dd` are the image's own in test/node-agent. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

const script = join(import.meta.dirname, "dump-memory.sh");
const root = mkdtempSync(join(tmpdir(), "dump-memory-"));
after(() => rmSync(root, { recursive: true }));
const pipe = join(root, "pipe");

function start(directory: string, file: string, least: number) {
  const child = spawn("sh", [script, pipe, directory, "one-c-", file, String(least)]);
  const ended = Promise.all([once(child, "exit"), text(child.stdout)]);
  return { ended: ended.then(([[code], said]) => ({ code: code as number, said: said.trim() })) };
}

async function send(content: string): Promise<void> {
  while (!existsSync(pipe)) await delay(5);
  await using file = await open(pipe, "w");
  await file.writeFile(content);
  while (existsSync(pipe)) await delay(5);
}

test("a dump takes the place of the machine's earlier ones, and the pipe is gone once it is open", async () => {
  const directory = mkdtempSync(join(root, "claim-"));
  for (const name of ["one-c-1.memory.dump", "one-c-2.memory.dump.part", "two-c-1.memory.dump", "other"])
    writeFileSync(join(directory, name), "old");
  const { ended } = start(directory, "one-c-3.memory.dump", 6);
  await send("memory");
  assert.deepEqual(await ended, { code: 0, said: "" });
  assert.deepEqual(readdirSync(directory).sort(), ["one-c-3.memory.dump", "other", "two-c-1.memory.dump"]);
  assert.equal(readFileSync(join(directory, "one-c-3.memory.dump"), "utf8"), "memory");
});

test("a dump that ends early is none", async () => {
  const directory = mkdtempSync(join(root, "claim-"));
  const { ended } = start(directory, "one-c-1.memory.dump", 7);
  await send("memory");
  const { code, said } = await ended;
  assert.equal(code, 1);
  assert.match(said, /ended when 6 bytes/);
  assert.deepEqual(readdirSync(directory), []);
});

test("what cannot be written is told in a line", async () => {
  const { ended } = start(join(root, "nowhere"), "one-c-1.memory.dump", 1);
  assert.deepEqual(await ended, { code: 1, said: "the claim cannot be written to" });
});
