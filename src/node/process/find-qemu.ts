/**
 * Finds the QEMU of a pod in /proc: nothing else has to be remembered, so an agent that starts anew finds every
 * guest, and cannot mistake a missing record for a missing guest. Many machines that start at once share one look.
 */
import { coalesce } from "../../base/coalesce.ts";
import { readTextIfThere } from "../../base/files.ts";
import { pidsOf } from "../../base/processes.ts";

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
  const look = coalesce(qemuProcesses);
  return {
    async find(podUid) {
      const remembered = known.get(podUid);
      if (remembered && (await isSameQemu(remembered))) return remembered;
      known.delete(podUid);
      const found = (await look()).find(({ cgroup }) => cgroupNamesPod(cgroup, podUid))?.process;
      if (found) known.set(podUid, found);
      return found;
    },
  };
}

/** Its pid may be another process's by now. */
export async function isSameQemu({ pid, startTicks }: QemuProcess): Promise<boolean> {
  return (await startTicksOf(pid)) === startTicks;
}

interface Found {
  process: QemuProcess;
  /** Text of /proc/PID/cgroup. */
  cgroup: string;
}

async function qemuProcesses(): Promise<Found[]> {
  const found = await Promise.all((await pidsOf("qemu-system-")).map(describeQemu));
  return found.filter((each) => each !== undefined);
}

async function describeQemu(pid: number): Promise<Found | undefined> {
  const [cgroup, startTicks] = await Promise.all([readProc(pid, "cgroup"), startTicksOf(pid)]);
  return startTicks === undefined ? undefined : { process: { pid, startTicks }, cgroup };
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
