/** The disks that live in the source's pod. Pure. */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isReadOnly } from "../../qemu/devices/block-node.ts";
import type { Device, Disk } from "../../qemu/devices/device.ts";
import { diskSources, livesInPod, type NamedSource } from "../disks/disk-source.ts";
import type { DiskObservation } from "../disks/observe-disk.ts";
import { desiredDevices } from "../domain/desired-devices.ts";

export function localDisks({ spec }: Pick<VirtualMachineInstance, "spec">): NamedSource[] {
  return diskSources(spec).filter(({ source }) => livesInPod(source));
}

/**
 * Those whose content only the source has: what the guest writes to, and media, which are made of what may have changed since. Any
 * other overlay or empty disk is at the target just as it is made there.
 */
export function copiedDisks(vmi: VirtualMachineInstance): Disk[] {
  const sources = new Map(localDisks(vmi).map(({ volume, source }) => [volume, source.type]));
  const disks = [...sources.keys()].flatMap((name) => diskNamed(vmi, name));
  return disks.filter((disk) => sources.get(disk.name) === "medium" || !isReadOnly(disk));
}

function diskNamed(vmi: VirtualMachineInstance, name: string): Disk[] {
  const observed = diskSources(vmi.spec).map((disk) => ({ ...disk, image: undefined }));
  return desiredDevices(vmi, observed).filter((device) => device.kind === "disk" && device.name === name) as Disk[];
}

/** The devices of a QEMU that is to be filled from another node. */
export function receivingDevices(vmi: VirtualMachineInstance, disks: readonly DiskObservation[]): Device[] {
  const copied = new Set(copiedDisks(vmi).map(({ name }) => name));
  return desiredDevices(vmi, disks).map((device) =>
    device.kind === "disk" && copied.has(device.name) ? { ...device, receiving: true } : device,
  );
}
