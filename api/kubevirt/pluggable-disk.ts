/** Which disks can come and go while their machine runs. Pure. */
import type { Disk, VirtualMachineInstanceSpec } from "./types.ts";

/** Buses on which a guest expects disks that come later. */
export const pluggableBuses = ["scsi", "virtio"] as const;

/** Why a disk cannot be plugged into a running machine; undefined when it can. */
export function plugObstacle(disk: Disk, machine: VirtualMachineInstanceSpec): string | undefined {
  if (machine.domain.devices.disableHotplug) return "the machine was started with domain.devices.disableHotplug";
  if (disk.disk?.pciAddress) return "a pciAddress is given to a disk when the machine starts: leave it out";
  if (disk.dedicatedIOThread) return "an I/O thread of its own is made when the machine starts: leave it out";
  return unplugObstacle(disk);
}

/** Why a disk cannot be taken from a running machine; undefined when it can. */
export function unplugObstacle(disk: Disk): string | undefined {
  if (disk.cdrom) return "a cdrom stays as long as the machine runs";
  if (disk.lun) return "a lun stays as long as the machine runs";
  const bus = disk.disk?.bus ?? "";
  const isPluggable = pluggableBuses.some((each) => each === bus);
  return isPluggable ? undefined : `its bus is ${bus || "not said"}: only disks on scsi and virtio come and go`;
}
