/** Programs and files through a real guest agent: here without a guest, as the agent of this machine, in a directory of its own. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { fetchPackages, packageRoot } from "../../images/debian/packages.ts";
import type { Status } from "../../src/base/errors.ts";
import { copyFile, parseFileRequest } from "../../src/node/guest/copy-file.ts";
import { parseProgram, runProgram } from "../../src/node/guest/run-program.ts";
import { GuestAgent } from "../../src/qemu/guest-agent/client.ts";
import { acceptWebSocket } from "../../src/streams/accept-web-socket.ts";
import { dialWebSocket } from "../../src/streams/dial-web-socket.ts";
import { refuseUpgrade } from "../../src/streams/http-head.ts";
import { remoteCommandV5 } from "../../src/streams/remote-command-channels.ts";
import { runRemoteCommand } from "../../src/streams/remote-command-client.ts";
import { serveRemoteCommand } from "../../src/streams/remote-command-session.ts";
import { waitFor } from "./machine.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-programs-"));
const cache = join(homedir(), ".cache", "vmpod");
const agents: { agent: ChildProcess; ended: Promise<unknown> }[] = [];
let server: http.Server;

before(async () => {
  await fetchPackages(cache, ["qemu-guest-agent"]);
  startAgent("qga", []);
  startAgent("strict", ["-b", "guest-exec,guest-file-open"]);
  mkdirSync(inside("small"));
  startAgent(
    "cramped",
    [],
    ["unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=512k small ${inside("small")} && exec "$@"`, "-"],
  );
  await Promise.all(
    ["qga", "strict", "cramped"].map((name) =>
      waitFor(`the agent ${name}`, 60_000, async () => existsSync(inside(name))),
    ),
  );
  server = http.createServer().on("upgrade", (req, socket, head) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://localhost");
    const [, socketName = "", verb = ""] = pathname.split("/");
    const agent = new GuestAgent(join(directory, socketName));
    const serve = async (): Promise<void> => {
      const request = verb === "exec" ? parseProgram(searchParams) : parseFileRequest(searchParams);
      const accepted = await acceptWebSocket(req, socket, head, [remoteCommandV5]);
      assert.ok(accepted);
      const session = serveRemoteCommand(accepted.ws);
      await ("argv" in request ? runProgram(agent, request, session) : copyFile(agent, request, session));
    };
    serve().catch((error: unknown) => refuseUpgrade(socket, error));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
});

after(async () => {
  server.close();
  server.closeAllConnections();
  for (const { agent, ended } of agents) {
    agent.kill();
    await ended;
  }
  rmSync(directory, { recursive: true });
});

function startAgent(name: string, flags: string[], wrapper: string[] = []): void {
  const program = join(packageRoot(cache, "qemu-guest-agent"), "usr/sbin/qemu-ga");
  const options = ["-m", "unix-listen", "-p", inside(name), "-t", directory, "-f", inside(`${name}.pid`)];
  const [file = "", ...args] = [...wrapper, program, ...options, ...flags];
  const agent = spawn(file, args, { stdio: "inherit" });
  agents.push({ agent, ended: once(agent, "exit") });
}

interface Outcome {
  status: Status;
  stdout: Buffer;
  stderr: string;
}

async function ask(path: string, query: [string, string][], stdin?: Readable): Promise<Outcome> {
  const { port } = server.address() as AddressInfo;
  const address = { server: `http://127.0.0.1:${port}` };
  const ws = await dialWebSocket(address, `${path}?${new URLSearchParams(query).toString()}`, [remoteCommandV5]);
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const status = await runRemoteCommand(ws, {
    ...(stdin && { stdin }),
    onOutput: (from, bytes) => void output[from].push(bytes),
  });
  return { status, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr).toString() };
}

function run(argv: string[], stdin?: string, more: [string, string][] = []): Promise<Outcome> {
  const words = argv.map((word): [string, string] => ["command", word]);
  const input = stdin === undefined ? undefined : Readable.from([Buffer.from(stdin)]);
  return ask("/qga/exec", [...words, ...more, ...(input ? [["stdin", "true"] as [string, string]] : [])], input);
}

const exitCodeOf = ({ status }: Outcome): string | undefined =>
  status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;

function store(path: string, content: Buffer, { name = "source", mode = "640", agent = "qga" } = {}): Promise<Outcome> {
  const query: [string, string][] = [
    ["path", path],
    ["write", "true"],
    ["name", name],
    ["mode", mode],
  ];
  return ask(`/${agent}/file`, query, Readable.from(slices(content)));
}

function* slices(content: Buffer): Generator<Buffer> {
  for (let offset = 0; offset < content.length; offset += 100_000) yield content.subarray(offset, offset + 100_000);
}

const inside = (name: string): string => join(directory, name);

test("a program's outputs are told apart, its exit code and the signal that ended it", async () => {
  const failed = await run(["/bin/sh", "-c", "echo out; echo err >&2; exit 7"]);
  assert.deepEqual([failed.stdout.toString(), failed.stderr, exitCodeOf(failed)], ["out\n", "err\n", "7"]);
  assert.equal(failed.status.reason, "NonZeroExitCode");
  assert.equal(exitCodeOf(await run(["/bin/sh", "-c", "kill -KILL $$"])), "137");
  const fine = await run(["printf", "%s", "a b"]);
  assert.deepEqual([fine.stdout.toString(), fine.status.status], ["a b", "Success"]);
});

test("a program reads its input, binary and more than a message", async () => {
  const input = "0123456789\0\xff".repeat(100_000);
  const { stdout, status } = await run(["cat"], input);
  assert.equal(status.status, "Success");
  assert.ok(stdout.toString() === input);
});

test("a program that goes on is killed when its time is over", async () => {
  const { status } = await run(["sleep", "9999"], undefined, [["timeoutSeconds", "0.3"]]);
  assert.deepEqual([status.reason, status.message], ["Timeout", "sleep did not end within 0.3 s and was killed"]);
  const { stdout } = await run(["/bin/sh", "-c", "sleep 1; pgrep -x -f 'sleep 9999' || echo gone"]);
  assert.equal(stdout.toString(), "gone\n");
});

test("what cannot be run, and what may not, is said", async () => {
  assert.match((await run(["/no/such"])).status.message, /the guest agent refused: guest-exec: .*No such file/);
  const forbidden = await ask("/strict/exec", [["command", "ls"]]);
  assert.match(forbidden.status.message, /does not permit guest-exec: allow it there/);
  assert.match((await ask("/strict/file", [["path", "/etc/hosts"]])).status.message, /does not permit guest-exec/);
  assert.match((await ask("/absent/exec", [["command", "ls"]])).status.message, /not have guest agent connected/);
  await assert.rejects(ask("/qga/exec", []), /command: name the program/);
  await assert.rejects(ask("/qga/file", [["path", "etc"]]), /must be an absolute path/);
});

test("a file goes there and back: every byte, its mode, nothing beside it", async () => {
  const content = Buffer.alloc(1_300_000, "\0\x01\xfe\xff\n");
  const target = inside("there");
  const stored = await store(target, content);
  assert.equal(stored.status.status, "Success", stored.status.message);
  assert.ok(readFileSync(target).equals(content));
  assert.equal(statSync(target).mode & 0o7777, 0o640);
  const fetched = await ask("/qga/file", [["path", target]]);
  assert.ok(fetched.stdout.equals(content));
  assert.deepEqual(JSON.parse(fetched.stderr), { mode: "640", size: content.length });
  assert.deepEqual(fetched.status.details, stored.status.details, "both tell the same checksum");
  assert.deepEqual(leftovers(), []);
});

test("an empty file, a name with everything in it, a directory as target, a link to follow", async () => {
  const name = 'it\'s $(touch oops) "x" `y` \\ -e';
  assert.equal((await store(directory, Buffer.alloc(0), { name, mode: "4755" })).status.status, "Success");
  assert.equal(statSync(inside(name)).size, 0);
  assert.equal(statSync(inside(name)).mode & 0o7777, 0o4755);
  assert.equal((await ask("/qga/file", [["path", inside(name)]])).status.status, "Success");
  writeFileSync(inside("real"), "before");
  symlinkSync("real", inside("link"));
  await store(inside("link"), Buffer.from("after"));
  assert.equal(readFileSync(inside("real"), "utf8"), "after");
});

test("what is wrong with a file is said, and the target stays as it was", async () => {
  assert.match(
    (await store(inside("no/where"), Buffer.from("x"))).status.message,
    /in the guest: .*no\/: no such directory/,
  );
  assert.match((await ask("/qga/file", [["path", inside("nothing")]])).status.message, /nothing: no such file/);
  assert.match((await ask("/qga/file", [["path", directory]])).status.message, /: is a directory/);
  assert.match((await ask("/qga/file", [["path", "/dev/null"]])).status.message, /is not a regular file/);
  execFileSync("mkfifo", [inside("pipe")]);
  assert.match((await store(inside("pipe"), Buffer.from("x"))).status.message, /pipe: is not a regular file/);
});

test("a full disk ends a copy, and what was written of it is removed", async () => {
  const { status } = await store(inside("small/big"), Buffer.alloc(900_000), { agent: "cramped" });
  assert.match(status.message, /No space left on device/);
  const listed = await ask("/cramped/exec", [
    ["command", "ls"],
    ["command", "-A"],
    ["command", inside("small")],
  ]);
  assert.equal(listed.stdout.toString(), "");
  assert.equal(
    (await store(inside("small/fits"), Buffer.alloc(400_000), { agent: "cramped" })).status.status,
    "Success",
  );
});

test("a copy that breaks off leaves the old file and nothing else", async () => {
  const target = inside("kept");
  writeFileSync(target, "old");
  chmodSync(target, 0o600);
  const breaking = Readable.from(
    (function* () {
      yield Buffer.alloc(1_000_000);
      throw new Error("the disk here broke");
    })(),
  );
  const query: [string, string][] = [
    ["path", target],
    ["write", "true"],
    ["name", "k"],
    ["mode", "644"],
  ];
  await assert.rejects(ask("/qga/file", query, breaking), /the disk here broke/);
  await waitFor("the piece of the copy to be removed", 30_000, async () => leftovers().length === 0);
  assert.equal(readFileSync(target, "utf8"), "old");
});

const leftovers = (): string[] => readdirSync(directory).filter((name) => name.startsWith(".vmpod-cp"));
