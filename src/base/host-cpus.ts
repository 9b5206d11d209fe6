/** The processors of this machine. */
import { readFile } from "node:fs/promises";
import { type Cores, parseCpuSet } from "./cpu-set.ts";
import { readTextIfThere } from "./files.ts";

/** Those that this process may run on: of a machine, or of the container that plays one. */
export async function hostCpus(): Promise<number[]> {
  return allowedCpus(await readFile("/proc/self/status", "utf8"));
}

/** Of a thread, from its `status` in /proc; empty when that is not told. */
export function allowedCpus(status: string): number[] {
  return parseCpuSet(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "") ?? [];
}

export async function readCores(cpus: readonly number[]): Promise<Cores> {
  const siblings = (cpu: number) => `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
  const entries = cpus.map(async (cpu): Promise<[number, string]> => {
    return [cpu, (await readTextIfThere(siblings(cpu)))?.trim() ?? String(cpu)];
  });
  return new Map(await Promise.all(entries));
}
