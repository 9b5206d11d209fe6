/** Starts `vmpod up` as a process of its own, apart from the terminal and from whoever starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { type Instance, pathsOf } from "../base/instance.ts";
import { findProcess, recordProcess } from "../embedded/process-record.ts";

/** This program: Node, its flags, and the entry point. */
export const program: readonly string[] = [process.execPath, ...process.execArgv, join(import.meta.dirname, "main.ts")];

export function supervisorLog(instance: Instance): string {
  return join(pathsOf(instance).logs, "supervisor.log");
}

const lookMs = 500;
const longestLookMs = 10_000;
/** For a supervisor that follows a killed one. */
const takeOverFlag = "--take-over";

export function spawnSupervisor(instance: Instance, ...flags: string[]): ChildProcess {
  mkdirSync(instance.runDir, { recursive: true, mode: 0o755 });
  mkdirSync(pathsOf(instance).logs, { recursive: true, mode: 0o700 });
  const output = openSync(supervisorLog(instance), "a");
  const [node = "", ...args] = program;
  const child = spawn(node, [...args, "up", ...flagsOf(instance), ...flags], {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: "/",
  });
  closeSync(output);
  return child;
}

export function supervisorRecord(instance: Instance): string {
  return join(pathsOf(instance).pids, "supervisor");
}

/**
 * Brings the supervisor back when it was killed. The new one looks after us and the others, which go on meanwhile. One that ends
 * soon is followed by the next ever later.
 */
export function reviveSupervisorWhenKilled(instance: Instance, signal: AbortSignal): void {
  let timer: NodeJS.Timeout;
  const lookAfter = (waitMs: number): void => {
    if (!signal.aborted) timer = setTimeout(look, waitMs, waitMs);
  };
  const look = (waitedMs: number): void => {
    if (findProcess(supervisorRecord(instance))) return lookAfter(lookMs);
    const startedMs = performance.now();
    const onEnd = (): void => {
      const wasStable = performance.now() - startedMs > longestLookMs;
      lookAfter(wasStable ? lookMs : Math.min(waitedMs * 2, longestLookMs));
    };
    const supervisor = spawnSupervisor(instance, takeOverFlag).once("exit", onEnd).once("error", onEnd);
    // At once, for whoever ends everything meanwhile: it takes a second until the new one can say itself that it is there.
    const record = supervisorRecord(instance);
    if (supervisor.pid !== undefined && !findProcess(record)) recordProcess(record, supervisor.pid);
    supervisor.unref();
  };
  lookAfter(lookMs);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/** The flags of `vmpod up` that describe this instance. */
function flagsOf(instance: Instance): string[] {
  const flags = {
    "--name": instance.name,
    "--data-dir": instance.dataDir,
    "--run-dir": instance.runDir,
    "--bind-address": instance.bindAddress,
    "--api-port": instance.apiPort,
    "--kubelet-port": instance.kubeletPort,
    "--vm-port": instance.vmPort,
    "--node-name": instance.nodeName,
    "--pod-cidr": instance.podCidr,
    "--service-cidr": instance.serviceCidr,
    "--ipv6-prefix": instance.ipv6Prefix || "none",
    "--cpu-manager-policy": instance.cpuManagerPolicy,
    "--reserved-cpus": instance.reservedCpus,
  };
  return Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)]);
}
