/**
 * Which thread of a QEMU runs on which of its container's processors, when these are the guest's alone. Pure.
 *
 *   container    2  3  4  5          one for each vCPU, in order of cores
 *   vCPU 0 ──────┘  │  │  │
 *   vCPU 1 ─────────┘  │  │
 *   vCPU 2 ────────────┘  │
 *   all other threads ────┘          isolateEmulatorThread; else on any of them
 *
 * What QEMU's other threads start later inherits where they are.
 */
import type { VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { byCore, type Cores, type CpuSet, formatCpuSet } from "../../base/cpu-set.ts";

export interface Thread {
  /** As this machine numbers it. */
  id: number;
  /** As QEMU's own namespace numbers it. */
  innerId: number;
  /** Where it may run now. */
  cpus: CpuSet;
}

export interface Threads {
  all: readonly Thread[];
  /** The numbers inside of the vCPUs' threads, in the order of the vCPUs. */
  vcpus: readonly number[];
  /** Of the container. */
  cpus: CpuSet;
  cores: Cores;
}

/** A thread that is to run elsewhere than it may now. */
export interface Pin {
  thread: number;
  cpus: string;
}

export type Pinning = { pins: readonly Pin[]; shortage?: undefined } | { pins?: undefined; shortage: string };

export function planPins({ domain }: VirtualMachineInstanceSpec, { all, vcpus, cpus, cores }: Threads): Pinning {
  const isolated = domain.cpu?.isolateEmulatorThread ? 1 : 0;
  const wanted = vcpus.length + isolated;
  if (cpus.length !== wanted)
    return {
      shortage: `its container has ${cpus.length} processors of its own (${formatCpuSet(cpus)}) instead of ${wanted}: see whether the node's kubelet has the CPU manager policy static`,
    };
  const ordered = byCore(cpus, cores);
  const others = formatCpuSet(isolated ? ordered.slice(vcpus.length) : ordered);
  const pins = all.flatMap(({ id, innerId, cpus: now }): Pin[] => {
    const vcpu = vcpus.indexOf(innerId);
    const target = vcpu < 0 ? others : String(ordered[vcpu]);
    return formatCpuSet(now) === target ? [] : [{ thread: id, cpus: target }];
  });
  return { pins };
}
