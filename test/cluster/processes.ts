/** The processes of a cluster, found by the marker in their environment; whatever started them may be dead. */
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { isErrno, readTextIfThere } from "../../src/base/files.ts";
import { isRunning, type ProcessRecord, startTicksOf } from "../../src/embedded/process-record.ts";
import { marker } from "./plan.ts";

const killTimeoutMs = 60_000;

/** As it is now; a process that is gone already has no start time and is never running. */
export function processRecord(pid: number): ProcessRecord {
  return { pid, startTicks: startTicksOf(pid) ?? -1 };
}

export async function clusterProcesses(cluster: string): Promise<ProcessRecord[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const marked = await Promise.all(pids.map((pid) => isMarked(pid, cluster)));
  return pids
    .filter((_, index) => marked[index])
    .map(processRecord)
    .filter(isRunning);
}

/** The kernel kills what else is in a machine together with its first process. */
export async function killProcesses(records: readonly ProcessRecord[]): Promise<void> {
  for (const record of records.filter(isRunning)) kill(record.pid);
  const deadline = performance.now() + killTimeoutMs;
  for (let left = records; left.length > 0; left = left.filter(isRunning)) {
    if (performance.now() > deadline)
      throw new Error(`processes that cannot be killed: ${left.map(({ pid }) => pid).join(", ")}`);
    await delay(10);
  }
}

/** What we may not look at is not ours: a cluster's own programs run as root. */
async function isMarked(pid: number, cluster: string): Promise<boolean> {
  const environ = await readTextIfThere(`/proc/${pid}/environ`).catch((error: unknown) => {
    if (isErrno(error, "EACCES", "EPERM")) return undefined;
    throw error;
  });
  return environ?.split("\0").includes(`${marker}=${cluster}`) ?? false;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}
