/**
 * Remembers a process across our own death: a pid alone may be recycled, so the record also holds the kernel's
 * start time of the process. A record whose start time differs speaks of a process that is gone.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const lookMs = 250;

export interface ProcessRecord {
  pid: number;
  /** Clock ticks since boot (field 22 of /proc/PID/stat). */
  startTicks: number;
}

export function recordProcess(path: string, pid: number): void {
  const startTicks = startTicksOf(pid);
  if (startTicks === undefined) return;
  // Renamed into place: a record cut short by a crash would hide a process that runs.
  writeFileSync(`${path}.new`, JSON.stringify({ pid, startTicks } satisfies ProcessRecord));
  renameSync(`${path}.new`, path);
}

/** The recorded process if it still runs. */
export function findProcess(path: string): ProcessRecord | undefined {
  const record = readRecord(path);
  return record && isRunning(record) ? record : undefined;
}

export function isRunning({ pid, startTicks }: ProcessRecord): boolean {
  return startTicksOf(pid) === startTicks;
}

/** SIGTERM, then SIGKILL after `graceMs`; returns when the process is gone, and its record with it. */
export async function stopProcess(path: string, graceMs: number): Promise<void> {
  const record = findProcess(path);
  if (record) {
    kill(record, "SIGTERM");
    if (!(await isGoneWithin(record, graceMs))) {
      kill(record, "SIGKILL");
      await isGoneWithin(record, 5_000);
    }
  }
  // Of a successor that was recorded meanwhile somebody has yet to hear.
  if (!findProcess(path)) rmSync(path, { force: true });
}

function kill({ pid }: ProcessRecord, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it ended by itself
  }
}

/** Not a child of ours, so nothing but looking tells that it ended. */
export function whenGone(record: ProcessRecord, listener: () => void): void {
  const timer = setInterval(() => {
    if (isRunning(record)) return;
    clearInterval(timer);
    listener();
  }, lookMs);
}

async function isGoneWithin(record: ProcessRecord, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(record)) {
    if (performance.now() > deadline) return false;
    // Not a child of ours, so nothing but looking tells that it ended.
    await delay(20);
  }
  return true;
}

function readRecord(path: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessRecord;
  } catch {
    return undefined; // never started, or its file was cut short by a crash: both mean "not known"
  }
}

export function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name is in parentheses and may hold anything, also spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : Number(fields[19]);
  } catch {
    return undefined; // no such process
  }
}
