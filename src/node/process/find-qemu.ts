/**
 * Finds the QEMU of a pod in /proc: nothing else has to be remembered, so an agent that starts anew finds every
 * guest, and cannot mistake a missing record for a missing guest.
 */
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { readTextIfThere } from "../../base/files.ts";

export interface QemuProcess {
  pid: number;
  /** With the pid, an identity: pids are used again. */
  startTicks: number;
}

export interface QemuFinder {
  find(podUid: string): Promise<QemuProcess | undefined>;
}

export function createQemuFinder(): QemuFinder {
  const known = new Map<string, QemuProcess>();
  return {
    async find(podUid) {
      const remembered = known.get(podUid);
      if (remembered && (await isSameQemu(remembered))) return remembered;
      known.delete(podUid);
      const found = await scan(podUid);
      if (found) known.set(podUid, found);
      return found;
    },
  };
}

/** Its pid may be another process's by now. */
export async function isSameQemu({ pid, startTicks }: QemuProcess): Promise<boolean> {
  return (await startTicksOf(pid)) === startTicks;
}

async function scan(podUid: string): Promise<QemuProcess | undefined> {
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !(await isQemuOf(pid, podUid))) continue;
    const startTicks = await startTicksOf(pid);
    if (startTicks !== undefined) return { pid, startTicks };
  }
  return undefined;
}

async function isQemuOf(pid: number, podUid: string): Promise<boolean> {
  const [program = ""] = (await readProc(pid, "cmdline")).split("\0");
  if (!basename(program).startsWith("qemu-system-")) return false;
  return cgroupNamesPod(await readProc(pid, "cgroup"), podUid);
}

/** The systemd cgroup driver writes the uid with underscores. */
export function cgroupNamesPod(cgroup: string, podUid: string): boolean {
  return podUid !== "" && (cgroup.includes(podUid) || cgroup.includes(podUid.replaceAll("-", "_")));
}

/** Undefined when the process is gone, or has ended and only awaits its parent. */
async function startTicksOf(pid: number): Promise<number | undefined> {
  return parseStartTicks(await readProc(pid, "stat"));
}

/** Field 22 of /proc/PID/stat; the program's name, in parentheses, may hold anything. */
export function parseStartTicks(stat: string): number | undefined {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "" || state === "Z" || state === "X" ? undefined : Number(fields[18]);
}

/** Empty when the process is gone. */
async function readProc(pid: number, file: string): Promise<string> {
  return (await readTextIfThere(`/proc/${pid}/${file}`)) ?? "";
}
