/**
 * Claims that come and go while a machine runs: volumes with `persistentVolumeClaim.hotpluggable`, each with a disk of its name. Pure.
 *
 * Those that are in the spec when the launcher is made are mounted into it like any other. For each that comes later there is a pod with
 * the claim on the guest's node, which serves it to QEMU; it goes when the guest has let go of the disk.
 */
import type { VirtualMachineInstanceSpec, VirtualMachineInstanceStatus, Volume } from "./types.ts";

/** Value of the label `kubevirt.io` of such a pod, as upstream. */
export const attachmentApp = "hotplug-disk";
/** On such a pod: the name of its volume. */
export const attachedVolumeAnnotation = "vmpod.dev/hotplug-volume";

/** Of a volume's status, in order. */
export const hotplugPhases = {
  pending: "Pending",
  attachedToNode: "AttachedToNode",
  mountedToPod: "MountedToPod",
  ready: "Ready",
  detaching: "Detaching",
} as const;

export type VolumeStatus = NonNullable<VirtualMachineInstanceStatus["volumeStatus"]>[number];

export function isHotpluggable({ persistentVolumeClaim }: Volume): boolean {
  return persistentVolumeClaim?.hotpluggable === true;
}

export function hotpluggableVolumes({ volumes = [] }: VirtualMachineInstanceSpec): Volume[] {
  return volumes.filter(isHotpluggable);
}
