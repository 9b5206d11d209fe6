/** Processor time of a process, user and system together, from /proc/PID/stat. */
import { readProc } from "../../test/embedded/processes.ts";

/** USER_HZ. */
const ticksPerSecond = 100;

export function processorMsOf(pid: number): number {
  const stat = readProc(pid, "stat");
  // utime and stime: fields 14 and 15; the program's name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1000) / ticksPerSecond;
}
