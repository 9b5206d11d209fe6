import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pino from "pino";
import { findProcess, isRunning, type ProcessRecord, recordProcess } from "./process-record.ts";
import { Supervisor } from "./supervisor.ts";

const log = pino({ level: "silent" });
let directory = "";
let pidDir = "";
const supervisors: Supervisor[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vmpod-supervisor-"));
  pidDir = join(directory, "pid");
});
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.stop();
  rmSync(directory, { recursive: true });
});

function supervise(): Supervisor {
  const supervisor = new Supervisor({ pidDir, logDir: join(directory, "log"), log });
  supervisors.push(supervisor);
  return supervisor;
}

const shell = (name: string, script: string) => ({ name, argv: ["sh", "-c", script] });
const recordOf = (name: string) => findProcess(join(pidDir, name));

/** Nothing to listen to: processes of processes are watched from outside. */
async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < deadline, `never: ${what}`);
    await delay(10);
  }
}

const startsOf = (file: string): number[] =>
  existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number) : [];

test("a process that is killed is started again, and its output is kept", async () => {
  const supervisor = supervise();
  await supervisor.start(shell("a", "echo started; exec sleep 600"));
  const output = join(directory, "log", "a.log");
  const linesAre = (text: string) => (readFileSync(output, "utf8") === text ? true : undefined);
  const first = await until("running", () => recordOf("a"));
  await until("its first line", () => linesAre("started\n"));
  process.kill(first.pid, "SIGKILL");
  const second = await until("running again", () => {
    const found = recordOf("a");
    return found && found.pid !== first.pid ? found : undefined;
  });
  await until("its second line", () => linesAre("started\nstarted\n"));
  await supervisor.stop();
  assert.equal(isRunning(second), false);
});

test("one that cannot be started is tried again, until it can", async () => {
  const program = join(directory, "program");
  const supervisor = supervise();
  await supervisor.start({ name: "a", argv: [program] });
  await delay(50);
  assert.equal(recordOf("a"), undefined);
  writeFileSync(`${program}.sh`, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
  renameSync(`${program}.sh`, program);
  const found = await until("running", () => recordOf("a"));
  assert.ok(isRunning(found));
});

test("one that fails at once is started ever more rarely", async () => {
  const times = join(directory, "times");
  const supervisor = supervise();
  await supervisor.start(shell("a", `date +%s%3N >> ${times}; exit 1`));
  const starts = await until("four starts", () => {
    const found = startsOf(times);
    return found.length >= 4 ? found : undefined;
  });
  const [first = 0, second = 0, third = 0, fourth = 0] = starts;
  assert.ok(second - first >= 100, starts.join());
  assert.ok(third - second >= 200, starts.join());
  assert.ok(fourth - third >= 400, starts.join());
  await supervisor.stop();
  const count = startsOf(times).length;
  await delay(1_000);
  assert.equal(startsOf(times).length, count, "nothing is started after stop()");
});

test("a program that is not there is tried again, and ends nothing else", async () => {
  const supervisor = supervise();
  await supervisor.start({ name: "absent", argv: [join(directory, "program")] });
  await supervisor.start(shell("a", "exec sleep 600"));
  await delay(300);
  assert.ok(recordOf("a"));
});

test("a supervisor that comes after one that was killed goes on with its process, and starts it again when that ends", async () => {
  const first = await leftByKilledSupervisor();
  const supervisor = supervise();
  const sleeper = { name: "a", argv: ["sleep", "600"] };
  supervisor.adopt(sleeper);
  assert.deepEqual(recordOf("a"), first);
  process.kill(first.pid, "SIGKILL");
  await until("running again", () => {
    const found = recordOf("a");
    return found && found.pid !== first.pid ? found : undefined;
  });
  await supervisor.stop();
  assert.equal(recordOf("a"), undefined);
});

test("an adopted process is stopped with the others, and stays so", async () => {
  const first = await leftByKilledSupervisor();
  const supervisor = supervise();
  supervisor.adopt({ name: "a", argv: ["sleep", "600"] });
  await supervisor.stop();
  assert.equal(isRunning(first), false);
  await delay(600);
  assert.equal(recordOf("a"), undefined);
});

test("a supervisor that starts anew replaces what a killed one left: there is never a second process", async () => {
  const first = await leftByKilledSupervisor();
  const supervisor = supervise();
  await supervisor.start({ name: "a", argv: ["sleep", "600"] });
  assert.equal(isRunning(first), false);
  await supervisor.stop();
  assert.equal(recordOf("a"), undefined);
});

test("a supervisor that leaves ends nothing, and starts nothing again", async () => {
  const supervisor = supervise();
  await supervisor.start(shell("a", "exec sleep 60"));
  const left = await until("running", () => recordOf("a"));
  supervisor.leave();
  await supervisor.stop();
  assert.equal(isRunning(left), true);
  process.kill(left.pid, "SIGKILL");
  await until("gone", () => (isRunning(left) ? undefined : true));
  await delay(300);
  assert.equal(recordOf("a"), undefined);
});

async function leftByKilledSupervisor(): Promise<ProcessRecord> {
  const fixture = join(import.meta.dirname, "supervisor.fixture.ts");
  const killed = spawn(process.execPath, [fixture, directory], { stdio: "ignore" });
  const first = await until("running", () => recordOf("a"));
  const ended = once(killed, "exit");
  killed.kill("SIGKILL");
  await ended;
  assert.equal(isRunning(first), true);
  return first;
}

test("one that was about to be started when everything is stopped does not run afterwards", async () => {
  const left = spawn("sleep", ["60"]);
  await once(left, "spawn");
  const supervisor = supervise();
  recordProcess(join(pidDir, "a"), left.pid ?? 0);
  const started = supervisor.start(shell("a", "exec sleep 60"));
  await supervisor.stop();
  await started;
  supervisor.adopt(shell("b", "exec sleep 60"));
  const running = ["a", "b"].map(recordOf).filter((record) => record !== undefined);
  for (const { pid } of running) process.kill(pid);
  assert.deepEqual(running, []);
});
