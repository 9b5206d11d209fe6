/** The script that serves a hot-plugged disk, with this machine's shell and qemu-nbd; the image's own are in test/node-agent. QEMU's block layer is its client. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../embedded/instance.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-serve-"));
const program = resolve("images/launcher/serve-disk.sh");
const bytes = 1024 ** 2;

after(() => rmSync(directory, { recursive: true }));

function serve(name: string, options: { file?: string; sharing?: "shared"; arguments?: string[] } = {}) {
  const socket = join(directory, `${name}.sock`);
  const image = join(directory, options.file ?? `${name}.img`);
  const argv = [program, socket, image, String(bytes), options.sharing ?? "alone", ...(options.arguments ?? [])];
  const child = spawn("sh", argv, { stdio: ["ignore", "inherit", "pipe"] });
  const said = text(child.stderr);
  const ended = once(child, "exit") as Promise<[number | null]>;
  const isThere = () => eventually("its socket", 10_000, () => existsSync(socket) || undefined);
  return { child, ended, said, isThere, socket, image };
}

type Server = ReturnType<typeof serve>;

function client({ socket }: Server, ...commands: string[]): string {
  const flags = ["-f", "raw", ...commands.flatMap((command) => ["-c", command]), `nbd+unix:///?socket=${socket}`];
  const { stdout, stderr } = spawnSync("qemu-io", flags, { encoding: "utf8" });
  return stdout + stderr;
}

async function stop({ child, ended }: Server): Promise<number | null> {
  child.kill("SIGTERM");
  return (await ended)[0];
}

test("a disk is made in an empty claim, served again and again, and left as it was written", async () => {
  const server = serve("empty", { arguments: ["--cache=writeback", "--discard=unmap"] });
  await server.isThere();
  assert.match(client(server, "write -P 7 0 4k"), /wrote 4096/);
  assert.match(client(server, "read -P 7 0 4k"), /read 4096/);
  assert.doesNotMatch(client(server, "read -P 7 0 4k"), /verification failed/);
  assert.equal(await stop(server), 0);
  const { size, mode } = statSync(server.image);
  assert.deepEqual([size, mode & 0o777], [bytes, 0o660]);
});

test("a disk that cannot be made is told of", async () => {
  const server = serve("nowhere", { file: "nowhere/disk.img" });
  assert.notEqual((await server.ended)[0], 0);
  assert.match(await server.said, /nowhere\/disk.img/);
});

test("one that was killed left its socket; the next one takes its place", async () => {
  const first = serve("again");
  await first.isThere();
  const { pid } = first.child;
  const server = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
  assert.ok(server > 0);
  process.kill(server, "SIGKILL");
  assert.equal((await first.ended)[0], 137);
  assert.match(client(first, "read 0 4k"), /Connection refused/);
  const second = serve("again");
  await eventually("it is served", 10_000, () => /read 4096/.test(client(second, "read 0 4k")) || undefined);
  assert.match(client(second, "write 0 4k"), /wrote 4096/);
  assert.equal(await stop(second), 0);
});

test("told to end, it serves until its client has gone", async () => {
  const server = serve("used");
  await server.isThere();
  const flags = ["-f", "raw", `nbd+unix:///?socket=${server.socket}`];
  // As QEMU's pod is, it is in another network.
  const user = spawn("unshare", ["--net", "qemu-io", ...flags], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  user.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  user.stdin.write("write -P 1 0 4k\n");
  await eventually("it has written", 10_000, () => /wrote 4096/.test(said) || undefined);
  server.child.kill("SIGTERM");
  const ended = await Promise.race([server.ended, delay(1_000, undefined)]);
  assert.equal(ended, undefined, "it serves on");
  user.stdin.end("write -P 2 4k 4k\nflush\n");
  await once(user, "close");
  assert.match(said, /wrote 4096[^]*wrote 4096/);
  assert.equal((await server.ended)[0], 0);
});

test("two do not serve one disk, unless it is said to be shared", async () => {
  const first = serve("first", { file: "shared.img" });
  await first.isThere();
  const second = serve("second", { file: "shared.img" });
  assert.notEqual((await second.ended)[0], 0);
  assert.match(await second.said, /Failed to get shared "write" lock/);
  assert.equal(await stop(first), 0);
  const third = serve("third", { file: "shared.img", sharing: "shared" });
  await third.isThere();
  const fourth = serve("fourth", { file: "shared.img", sharing: "shared" });
  await fourth.isThere();
  for (const each of [third, fourth]) {
    assert.match(client(each, "write 0 4k"), /wrote 4096/);
    assert.equal(await stop(each), 0);
  }
});
