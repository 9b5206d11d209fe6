/** `vmpod up`: brings an instance up, in the foreground or detached. */
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, watch } from "node:fs";
import { Command, Option } from "commander";
import { type Instance, pathsOf } from "../base/instance.ts";
import { messageOf } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import { bringUp } from "../embedded/bring-up.ts";
import { findProcess, recordProcess } from "../embedded/process-record.ts";
import { Supervisor } from "../embedded/supervisor.ts";
import { failures, runChecks } from "../embedded/doctor.ts";
import { addInstanceFlags, type InstanceFlags, instanceFrom } from "./instance-flags.ts";
import { program, spawnSupervisor, supervisorLog, supervisorRecord } from "./supervisor-process.ts";
import { aborted, untilTerminated } from "./terminate.ts";

export async function run(argv: string[]): Promise<number> {
  await upCommand().parseAsync(argv, { from: "user" });
  return 0;
}

export function upCommand(): Command {
  const command = new Command("vmpod up")
    .summary("start vmpod on this machine")
    .description("Starts vmpod on this machine: API server, controllers, node agent and a containerd of its own.")
    .addOption(new Option("--take-over", "follow a supervisor that was killed").default(false).hideHelp())
    .option("-d, --detach", "return when everything is ready, and leave it running")
    .addHelpText(
      "after",
      `
Examples:
  vmpod up --detach                       # then: kubectl --kubeconfig "$(vmpod kubeconfig --path)" get nodes
  vmpod up                                # stays in the foreground; Ctrl+C ends vmpod's processes, guests go on
  vmpod up -d --name two --data-dir /srv/two --run-dir /run/two --api-port 7443 \\
    --kubelet-port 7250 --vm-port 7260 --pod-cidr 10.52.0.0/16 --service-cidr 10.53.0.0/16`,
    );
  return addInstanceFlags(command).action(async (flags: InstanceFlags & { detach?: boolean; takeOver?: boolean }) => {
    const instance = instanceFrom(flags);
    const takeOver = flags.takeOver ?? false;
    // What runs already is possible, and must not be left alone because disk space is scarce by now.
    if (!takeOver) await refuseWhenImpossible(instance);
    const running = findProcess(supervisorRecord(instance));
    if (running && running.pid !== process.pid) return say(`already running: see \`vmpod status\``);
    if (flags.detach) await detach(instance);
    else await supervise(instance, takeOver);
  });
}

async function refuseWhenImpossible(instance: Instance): Promise<void> {
  const fatal = failures(await runChecks(instance)).filter(({ fatal }) => fatal);
  if (fatal.length > 0)
    throw new Error(fatal.map(({ name, problem, fix }) => `${name}: ${problem}\n  fix: ${fix}`).join("\n"));
}

/** Runs until it is told to end; guests and containers go on. */
async function supervise(instance: Instance, takeOver: boolean): Promise<void> {
  const { pids, logs, kubeconfig } = pathsOf(instance);
  const log = createLogger("supervisor");
  const supervisor = new Supervisor({ pidDir: pids, logDir: logs, log });
  recordProcess(supervisorRecord(instance), process.pid);
  const ended = new AbortController();
  const signal = AbortSignal.any([untilTerminated(), ended.signal]);
  const started = performance.now();
  try {
    const onProgress = (text: string) => say(text, started);
    await bringUp(instance, { supervisor, program, log, signal, takeOver, onProgress });
    say(`ready: kubeconfig ${kubeconfig("admin")}`, started);
    await aborted(signal);
    say("ending vmpod's processes; guests and containers go on (`vmpod up` takes them over, `vmpod down` ends them)");
  } catch (error) {
    // What was to be taken over goes on, and the agent starts the next who tries.
    if (takeOver && !signal.aborted) supervisor.leave();
    throw error;
  } finally {
    ended.abort();
    await supervisor.stop();
    rmSync(supervisorRecord(instance), { force: true });
  }
}

/** Leaves the supervisor running by itself, and shows its progress until it is ready or has failed. */
async function detach(instance: Instance): Promise<void> {
  const path = supervisorLog(instance);
  const before = existsSync(path) ? statSync(path).size : 0;
  const child = spawnSupervisor(instance);
  await followUntilReady(path, before, child);
  child.unref();
}

function followUntilReady(path: string, from: number, child: ChildProcess): Promise<void> {
  let position = from;
  return new Promise((resolve, reject) => {
    const read = () => {
      const text = readFileSync(path).subarray(position).toString("utf8");
      const complete = text.slice(0, text.lastIndexOf("\n") + 1);
      position += Buffer.byteLength(complete);
      const lines = complete.split("\n").filter((line) => line.startsWith("vmpod: "));
      for (const line of lines) console.log(line);
      if (lines.some((line) => line.includes(" ready: "))) finish();
    };
    const watcher = watch(path, read);
    const finish = (error?: Error) => {
      watcher.close();
      child.removeAllListeners();
      if (error) reject(error);
      else resolve();
    };
    child.once("exit", (code) => {
      read();
      if (code === 0) return finish(); // somebody else was quicker
      finish(new Error(`vmpod ended while starting (exit ${code}); the end of ${path}:\n${tail(path)}`));
    });
    child.once("error", (error) => finish(new Error(`cannot start vmpod: ${messageOf(error)}`)));
    read();
  });
}

function tail(path: string): string {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-8).join("\n");
}

function say(text: string, since?: number): void {
  const elapsed = since === undefined ? "" : `${((performance.now() - since) / 1000).toFixed(1)} s  `;
  console.log(`vmpod: ${elapsed}${text}`);
}
