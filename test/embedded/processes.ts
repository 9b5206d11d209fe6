/** The processes of an instance's pods, from /proc: by cgroup, so that others on the machine do not count. */
import { readdirSync, readFileSync } from "node:fs";

export interface PodProcess {
  pid: number;
  /** As the kernel knows it: at most 15 characters. */
  name: string;
  argv: string[];
  podUid: string;
  /** Empty for a helper that is in the pod's cgroup but in no container. */
  containerId: string;
}

export function podProcesses(instance: string): PodProcess[] {
  const cgroup = new RegExp(`:/${instance}/pod([0-9a-f-]{36})(?:/([0-9a-f]{64}))?`);
  return allPids().flatMap((pid): PodProcess[] => {
    const [found, podUid = "", containerId = ""] = cgroup.exec(readProc(pid, "cgroup")) ?? [];
    const argv = argvOf(pid);
    return found && argv.length > 0 ? [{ pid, name: readProc(pid, "comm").trim(), argv, podUid, containerId }] : [];
  });
}

/** The QEMUs that run a machine of the namespace `default`: one, if all is well. */
export function qemusOf(instance: string, machine: string): PodProcess[] {
  return podProcesses(instance).filter((process) => isQemuOf(process, machine));
}

export function isQemuOf({ name, argv }: PodProcess, machine: string): boolean {
  return name.startsWith("qemu-system") && argv.some((word) => word.startsWith(`guest=default_${machine},`));
}

export function argvOf(pid: number): string[] {
  return readProc(pid, "cmdline").split("\0").slice(0, -1);
}

export function allPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Empty when the process is gone. */
export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return "";
    throw error;
  }
}

/** 0 when the process is gone. */
export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readProc(pid, "status"))?.[1] ?? 0);
}

/** Where each thread of a process may run. */
export function threadsOf(pid: number): { comm: string; cpus: string }[] {
  return readdirSync(`/proc/${pid}/task`).map((id) => ({
    comm: readProc(pid, `task/${id}/comm`).trim(),
    cpus: /^Cpus_allowed_list:\s*(\S+)$/m.exec(readProc(pid, `task/${id}/status`))?.[1] ?? "",
  }));
}
