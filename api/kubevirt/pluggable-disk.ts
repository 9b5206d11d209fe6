/** Which disks can come and go while their machine runs. Of a cdrom the medium does, and the drive stays. Pure. */
import type { Disk, VirtualMachineInstanceSpec } from "./types.ts";

/** Buses on which a guest expects disks that come later. */
export const pluggableBuses = ["scsi", "virtio"] as const;

/** Why a disk cannot be plugged into a running machine; undefined when it can. */
export function plugObstacle(disk: Disk, machine: VirtualMachineInstanceSpec): string | undefined {
  if (machine.domain.devices.disableHotplug) return "the machine was started with domain.devices.disableHotplug";
  if (disk.disk?.pciAddress) return "a pciAddress is given to a disk when the machine starts: leave it out";
  if (disk.dedicatedIOThread) return "an I/O thread of its own is made when the machine starts: leave it out";
  if (disk.cdrom && !drivesOf(machine).has(disk.name))
    return "a cdrom drive is there since the start, if only an empty one";
  return unplugObstacle(disk);
}

/** Why a disk cannot be taken from a running machine; undefined when it can. */
export function unplugObstacle(disk: Disk): string | undefined {
  if (disk.cdrom) return undefined;
  if (disk.lun) return "a lun stays as long as the machine runs";
  const bus = disk.disk?.bus ?? "";
  const isPluggable = pluggableBuses.some((each) => each === bus);
  return isPluggable ? undefined : `its bus is ${bus || "not said"}: only disks on scsi and virtio come and go`;
}

/** Names of its cdrom drives, those without a medium among them. */
export function drivesOf({ domain }: VirtualMachineInstanceSpec): Set<string> {
  return new Set((domain.devices.disks ?? []).flatMap(({ name, cdrom }) => (cdrom ? [name] : [])));
}
