/** The launcher's probe of a guest, with the programs that the launcher's image has: against a real agent, and a real QEMU without one. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fetchPackages, packageRoot } from "../../images/debian/packages.ts";
import type { Probe } from "../../api/kubevirt/types.ts";
import { podProbe, type ProbeKind } from "../../src/controllers/virtualmachineinstance/launcher/pod-probe.ts";
import { startMachine, waitFor } from "./machine.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-probe-"));
const cache = join(homedir(), ".cache", "vmpod");
const script = join(import.meta.dirname, "../../images/launcher/probe-guest.sh");
const agents: { agent: ChildProcess; ended: Promise<unknown> }[] = [];

before(async () => {
  await fetchPackages(cache, ["qemu-guest-agent", "busybox", "netcat-openbsd"]);
  const bin = join(directory, "bin");
  mkdirSync(bin);
  symlinkSync(join(packageRoot(cache, "netcat-openbsd"), "bin/nc.openbsd"), join(bin, "nc"));
  for (const applet of ["sh", "base64", "date", "mkfifo", "mktemp", "rm", "sleep"])
    symlinkSync(join(packageRoot(cache, "busybox"), "bin/busybox"), join(bin, applet));
  await Promise.all([startAgent("open"), startAgent("strict", "-b", "guest-exec")]);
});

after(async () => {
  for (const { agent, ended } of agents) {
    agent.kill();
    await ended;
  }
  rmSync(directory, { recursive: true });
});

async function startAgent(name: string, ...flags: string[]): Promise<void> {
  mkdirSync(join(directory, name));
  const program = join(packageRoot(cache, "qemu-guest-agent"), "usr/sbin/qemu-ga");
  const socket = join(directory, name, "qga.sock");
  const options = ["-m", "unix-listen", "-p", socket, "-t", directory, "-f", join(directory, `${name}.pid`)];
  const agent = spawn(program, [...options, ...flags], { stdio: "inherit" });
  agents.push({ agent, ended: once(agent, "exit") });
  await waitFor(`the agent ${name}`, 60_000, async () => existsSync(socket));
}

/** As the kubelet runs it, but for where it is. */
function probe(runDirectory: string, kind: ProbeKind, wanted: Probe): Promise<{ code: number; output: string }> {
  const [, ...args] = podProbe(kind, wanted).exec?.command ?? [];
  const env = { PATH: join(directory, "bin"), VMPOD_RUN_DIRECTORY: runDirectory };
  return new Promise((resolve) => {
    execFile(join(directory, "bin", "sh"), [script, ...args], { env, timeout: 120_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

/** With time for a busy machine. */
const unhurried = { timeoutSeconds: 60 };
const inGuest = (...command: string[]): Probe => ({ exec: { command }, ...unhurried });
const ping: Probe = { guestAgentPing: {}, ...unhurried };

test("an agent that answers is well; so is a program that succeeds", async () => {
  const open = join(directory, "open");
  const table: [Probe, { code: number; output: string }][] = [
    [ping, { code: 0, output: "" }],
    [inGuest("true"), { code: 0, output: "" }],
    [inGuest("sh", "-c", `echo "it's \\"out\\""; echo err >&2; exit 10`), { code: 1, output: `it's "out"\nerr\n` }],
    [inGuest("sh", "-c", "sleep 0.5; exit 0"), { code: 0, output: "" }],
  ];
  for (const [wanted, expected] of table) assert.deepEqual(await probe(open, "readiness", wanted), expected);
  const late = await probe(open, "readiness", { ...inGuest("sleep", "99"), timeoutSeconds: 1 });
  assert.deepEqual(late, { code: 1, output: "the program did not end within 1 s\n" });
  const missing = await probe(open, "readiness", inGuest("/no/such"));
  assert.equal(missing.code, 1);
  assert.match(missing.output, /^the guest agent refused: .*No such file/);
  assert.deepEqual(readdirSync(open), ["qga.sock"], "its pipes are gone");
});

test("an agent that forbids programs says so, and still answers", async () => {
  const strict = join(directory, "strict");
  assert.match((await probe(strict, "liveness", inGuest("true"))).output, /refused: .*disabled/);
  assert.equal((await probe(strict, "liveness", ping)).code, 0);
});

test("a guest whose agent is silent is dead when it runs, not while it stands still; ready it is never", async () => {
  await using machine = await startMachine();
  const asked: Probe = { guestAgentPing: {}, timeoutSeconds: 2 };
  const codes = async (): Promise<number[]> => [
    (await probe(machine.directory, "liveness", asked)).code,
    (await probe(machine.directory, "readiness", asked)).code,
  ];
  assert.deepEqual(await codes(), [0, 1], "not started");
  await machine.start();
  assert.deepEqual(await codes(), [1, 1], "running");
  await machine.qmp.execute("stop");
  assert.deepEqual(await codes(), [0, 1], "paused");
});
