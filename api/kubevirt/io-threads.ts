/**
 * Which thread of QEMU does the work of which disk. By upstream's rules:
 *
 *   (no policy)        QEMU's main thread, but for disks that want one of their own
 *   shared             one thread for all that want none of their own
 *   auto               as many as there are disks, but not more than two for each CPU; disks take them in turn
 *   supplementalPool   so many as are asked for; disks take them in turn
 *
 * Only virtio disks and the controller of SCSI disks can leave the main thread.
 */
import { quantityToNumber } from "../../src/base/quantity.ts";
import type { Disk, VirtualMachineInstanceSpec } from "./types.ts";

export const ioThreadsPolicies = ["shared", "auto", "supplementalPool"];
const threadsPerCpu = 2;

export interface IoThreads {
  count: number;
  /** By the disk's name; counted from 0. A SCSI disk's is its controller's. */
  ofDisk: ReadonlyMap<string, number>;
}

export function ioThreadsOf(spec: VirtualMachineInstanceSpec): IoThreads {
  const movable = (spec.domain.devices.disks ?? []).filter((disk) => isOn(disk, "virtio") || isOn(disk, "scsi"));
  const own = movable.filter((disk) => disk.dedicatedIOThread && isOn(disk, "virtio"));
  const others = movable.filter((disk) => !own.includes(disk));
  const pool =
    others.length === 0 ? 0 : poolSize(spec, others.filter((disk) => isOn(disk, "virtio")).length, own.length);
  const ofOthers = pool === 0 ? [] : turns(others, pool);
  const ofOwn = own.map((disk, index) => [disk.name, pool + index] as const);
  return { count: pool + own.length, ofDisk: new Map([...ofOthers, ...ofOwn]) };
}

/** All SCSI disks are on one controller: they count as one, and have the first thread. */
function turns(disks: readonly Disk[], pool: number): (readonly [name: string, thread: number])[] {
  const virtio = disks.filter((disk) => isOn(disk, "virtio"));
  return disks.map((disk) => [disk.name, Math.max(0, virtio.indexOf(disk)) % pool]);
}

function poolSize(spec: VirtualMachineInstanceSpec, disks: number, dedicated: number): number {
  switch (spec.domain.ioThreadsPolicy) {
    case "shared":
      return 1;
    case "supplementalPool":
      return spec.domain.ioThreads?.supplementalPoolThreadCount ?? 1;
    case "auto":
      return Math.max(1, Math.min(disks, autoLimit(spec) - dedicated));
    default:
      return 0;
  }
}

/** An emulator thread with a CPU of its own shares that with one I/O thread. */
function autoLimit({ domain }: VirtualMachineInstanceSpec): number {
  if (domain.cpu?.dedicatedCpuPlacement && domain.cpu.isolateEmulatorThread) return 1;
  const cpus = domain.resources?.requests?.["cpu"] ?? domain.resources?.limits?.["cpu"] ?? "1";
  return Math.max(1, Math.ceil(quantityToNumber(cpus))) * threadsPerCpu;
}

function isOn(disk: Disk, bus: string): boolean {
  return (disk.disk ?? disk.cdrom ?? disk.lun)?.bus === bus;
}
