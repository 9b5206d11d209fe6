import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectSocketFile } from "./connect-socket-file.ts";

test("a socket is connected to; a link to it, a file and nothing at all are errors", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-socket-"));
  const path = join(directory, "real.sock");
  const server = createServer((socket) => socket.end("hello"));
  t.after(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });
  server.listen(path);
  await once(server, "listening");
  await symlink(path, join(directory, "link.sock"));
  await writeFile(join(directory, "file"), "");

  const chunks = await connectSocketFile(path).toArray();
  assert.equal(Buffer.concat(chunks).toString(), "hello");
  for (const [name, message] of [
    ["link.sock", /is not a socket/],
    ["file", /is not a socket/],
    ["absent", /ENOENT/],
  ] as const) {
    const [error] = (await once(connectSocketFile(join(directory, name)), "error")) as [Error];
    assert.match(error.message, message);
  }
  const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  const pins = (await Promise.all(links)).filter((target) => target.startsWith(directory));
  assert.deepEqual(pins, [], "nothing stays pinned");
});
