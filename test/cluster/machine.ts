/**
 * A machine made of namespaces: its own processes, mounts, network and host name, but the host's files and kernel. It lives as
 * long as its first process: killing that is a loss of power, after which nothing of it is left.
 *
 *   unshare ─ init (sh, PID 1: mounts, then reaps) ◄─ nsenter ─ daemons, commands
 *
 * Everything is detached from the process that starts it and carries `marker` in its environment, to be found again by it.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { exec, type ExecOptions } from "../../src/base/exec.ts";
import { readTextIfThere } from "../../src/base/files.ts";
import { isRunning, type ProcessRecord } from "../../src/embedded/process-record.ts";
import { patience } from "../embedded/instance.ts";
import { type ClusterPlan, logDir, marker } from "./plan.ts";
import { processRecord } from "./processes.ts";

export interface Machine {
  name: string;
  /** Its first process, as the host sees it. */
  init: ProcessRecord;
}

export interface MachineOptions {
  name: string;
  /** Shell commands that its first process runs, each of which must succeed. */
  setup: readonly string[];
  /** Of the cluster, in addition to PATH and the marker. */
  plan: ClusterPlan;
}

const bootTimeoutMs = 60_000;

export async function startMachine({ name, setup, plan }: MachineOptions): Promise<Machine> {
  const directory = join(plan.dir, name);
  await mkdir(directory, { recursive: true });
  const script = join(directory, "init.sh");
  const booted = join(directory, "booted");
  await rm(booted, { force: true });
  await writeFile(script, renderInit(name, setup, booted));
  const argv = [
    "unshare",
    "--mount",
    "--pid",
    "--net",
    "--uts",
    "--fork",
    "--mount-proc",
    "--kill-child",
    "sh",
    script,
  ];
  const log = join(logDir(plan), `${name}-init.log`);
  const outer = spawnDetached(argv, log, environment(plan));
  await until(() => readTextIfThere(booted).then((text) => text !== undefined), outer, `${name} boots`, log);
  const pid = Number((await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8")).trim());
  return { name, init: processRecord(pid) };
}

/** dash's `wait` collects every child, also those that it inherits as PID 1. */
export function renderInit(name: string, setup: readonly string[], booted: string): string {
  const start = ["set -e", `hostname ${name}`, leaveContainersAlone, "ip link set lo up"];
  return [...start, ...setup, `: >${booted}`, "while :; do sleep 86400 & wait; done", ""].join("\n");
}

/** Namespaces and layers of containers on the host: a copy of their mounts would keep them alive when they end. */
const leaveContainersAlone = `awk '$3 ~ /^(overlay|nsfs|tmpfs)$/ && $2 ~ "^/(run|var|tmp)/." { print $2 }' /proc/mounts | sort -r | xargs -r umount --lazy`;

export async function execIn({ init }: Machine, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  return await exec([...enter(init.pid), ...argv], options);
}

/** Runs the commands in one shell; each must succeed. */
export async function shellIn(machine: Machine, commands: readonly string[]): Promise<void> {
  await execIn(machine, ["sh", "-ec", commands.join("\n")]);
}

/** Starts a program that goes on for as long as the machine does. */
export function startDaemon(machine: Machine, plan: ClusterPlan, name: string, argv: readonly string[]): Daemon {
  const log = join(logDir(plan), `${machine.name}-${name}.log`);
  const { pid } = spawnDetached([...enter(machine.init.pid), ...argv], log, environment(plan));
  return { ...processRecord(pid), name: `${name} on ${machine.name}`, log };
}

export interface Daemon extends ProcessRecord {
  name: string;
  log: string;
}

/** Looks until the daemon is what it should be. @throws with the end of its log when it ends, or when it takes too long */
export async function untilDaemon(daemon: Daemon, isReady: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  await until(isReady, daemon, `${daemon.name} is ready`, daemon.log, timeoutMs);
}

async function until(
  isSo: () => Promise<boolean>,
  process_: ProcessRecord,
  what: string,
  log: string,
  timeoutMs = bootTimeoutMs,
): Promise<void> {
  const deadline = performance.now() + timeoutMs * patience;
  while (!(await isSo())) {
    const isAlive = isRunning(process_);
    if (!isAlive || performance.now() > deadline) {
      const reason = isAlive ? `not so after ${timeoutMs * patience} ms` : "its process ended";
      const tail = ((await readTextIfThere(log)) ?? "").trimEnd().split("\n").slice(-10).join("\n");
      throw new Error(`waiting until ${what}: ${reason}; the end of ${log}:\n${tail}`);
    }
    await delay(25);
  }
}

function enter(pid: number): string[] {
  return ["nsenter", "--target", `${pid}`, "--mount", "--pid", "--net", "--uts", "--"];
}

/** Nothing of ours but the marker: proxies and the like are the host's business. */
function environment(plan: ClusterPlan): NodeJS.ProcessEnv {
  return { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: plan.dir, [marker]: plan.name };
}

function spawnDetached(argv: readonly string[], log: string, env: NodeJS.ProcessEnv): ProcessRecord {
  const [program = "", ...args] = argv;
  const file = openSync(log, "a");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", file, file], env, cwd: "/" });
  closeSync(file);
  child.on("error", () => undefined); // its missing pid tells
  child.unref();
  if (child.pid === undefined) throw new Error(`cannot run ${program}`);
  return processRecord(child.pid);
}
