/** What the kernel counts for a QEMU and its threads (proc(5)). The parsers are pure. */
import { listIfThere, readTextIfThere } from "../../base/files.ts";
import { allowedCpus } from "../../base/host-cpus.ts";

export interface ProcessorTime {
  userSeconds: number;
  systemSeconds: number;
}

/** USER_HZ: what /proc counts in, whatever the kernel itself does. */
const ticksPerSecond = 100;
const nanosecondsPerSecond = 1e9;

/** Fields 14 and 15 of /proc/PID/stat; the program's name, in parentheses, may hold anything. */
export function parseProcessorTime(stat: string): ProcessorTime | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  if (!Number.isFinite(user) || !Number.isFinite(system)) return undefined;
  return { userSeconds: user / ticksPerSecond, systemSeconds: system / ticksPerSecond };
}

export interface ThreadTime {
  runSeconds: number;
  /** Ready to run, but not running. */
  delaySeconds: number;
}

export interface ThreadSample extends ThreadTime {
  /** How many processors it may run on. */
  cpus: number;
}

/** /proc/PID/task/TID/schedstat: time on a CPU, time in its queue, number of turns. */
export function parseThreadTime(schedstat: string): ThreadTime | undefined {
  const [run, delay] = schedstat.trim().split(" ").map(Number);
  if (!Number.isFinite(run) || delay === undefined || !Number.isFinite(delay)) return undefined;
  return { runSeconds: Number(run) / nanosecondsPerSecond, delaySeconds: delay / nanosecondsPerSecond };
}

/** From /proc/PID/status. */
export function parseResidentBytes(status: string): number | undefined {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** The number that a thread has inside its own namespace, which is what QEMU knows of it. */
export function parseInnerId(status: string): number | undefined {
  const last = /^NSpid:.*\s(\d+)$/m.exec(status)?.[1];
  return last === undefined ? undefined : Number(last);
}

export async function readProcess(pid: number): Promise<{ time?: ProcessorTime; residentBytes?: number }> {
  const [stat = "", status = ""] = await Promise.all(["stat", "status"].map((file) => read(`${pid}/${file}`)));
  return { time: parseProcessorTime(stat), residentBytes: parseResidentBytes(status) };
}

/** Of all threads, by their numbers inside the namespace. */
export async function readThreads(pid: number): Promise<Map<number, ThreadSample>> {
  const ids = await listIfThere(`/proc/${pid}/task`);
  const threads = await Promise.all(ids.map((id) => readThread(`${pid}/task/${id}`)));
  return new Map(threads.flatMap((thread) => (thread === undefined ? [] : [thread])));
}

async function readThread(path: string): Promise<[number, ThreadSample] | undefined> {
  const [status = "", schedstat = ""] = await Promise.all(
    ["status", "schedstat"].map((file) => read(`${path}/${file}`)),
  );
  const [id, time] = [parseInnerId(status), parseThreadTime(schedstat)];
  return id === undefined || time === undefined ? undefined : [id, { ...time, cpus: allowedCpus(status).length }];
}

async function read(path: string): Promise<string> {
  return (await readTextIfThere(`/proc/${path}`)) ?? "";
}
