/** What a pod costs in memory, process by process: PSS, which shares the pages of a program among those that run it. */
import { allPids, argvOf, podProcesses, readProc } from "./processes.ts";

/** In bytes. */
export interface PodMemory {
  podUid: string;
  shim: number;
  pause: number;
  dnsmasq: number;
  qemu: number;
}

/** Of each pod of the instance that runs a QEMU. */
export function podMemories(instance: string): PodMemory[] {
  const processes = podProcesses(instance);
  const shims = shimsByPause();
  const pods = new Set(processes.filter(({ name }) => name.startsWith("qemu-system")).map(({ podUid }) => podUid));
  return [...pods].map((podUid) => {
    const ofPod = processes.filter((each) => each.podUid === podUid);
    const sum = (name: string) => total(ofPod.filter((each) => each.name.startsWith(name)).map(({ pid }) => pid));
    const shim = ofPod.flatMap(({ containerId }) => shims.get(containerId) ?? []);
    return { podUid, shim: total(shim), pause: sum("pause"), dnsmasq: sum("dnsmasq"), qemu: sum("qemu-system") };
  });
}

export function pssBytesOf(pid: number): number {
  const [, kib = "0"] = /^Pss:\s+(\d+) kB/m.exec(readProc(pid, "smaps_rollup")) ?? [];
  return Number(kib) * 1024;
}

function total(pids: readonly number[]): number {
  return [...new Set(pids)].reduce((sum, pid) => sum + pssBytesOf(pid), 0);
}

/** A shim is outside the pod's cgroup; its arguments name the sandbox, which is the container of `pause`. */
function shimsByPause(): Map<string, number> {
  const shims = allPids().filter((pid) => readProc(pid, "comm").startsWith("containerd-shim"));
  return new Map(
    shims.flatMap((pid) => {
      const argv = argvOf(pid);
      const id = argv[argv.indexOf("-id") + 1];
      return id === undefined ? [] : [[id, pid] as const];
    }),
  );
}
