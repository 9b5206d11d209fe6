/**
 * Claims that come and go while a machine runs: volumes with `persistentVolumeClaim.hotpluggable`, each with a disk of its name. Pure.
 *
 * Those that are in the spec when the launcher is made are mounted into it like any other. For each that comes later there is a pod with
 * the claim on the guest's node, which serves it to QEMU; it goes when the guest has let go of the disk.
 */
import type { Pod } from "../core.ts";
import type {
  VirtualMachineInstance,
  VirtualMachineInstanceSpec,
  VirtualMachineInstanceStatus,
  Volume,
} from "./types.ts";

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
  /** The pod that brought the claim is about to go: nothing is plugged in from this very pod any more. */
  unmounted: "UnMountedFromPod",
} as const;

export type VolumeStatus = NonNullable<VirtualMachineInstanceStatus["volumeStatus"]>[number];

export function isHotpluggable({ persistentVolumeClaim }: Volume): boolean {
  return persistentVolumeClaim?.hotpluggable === true;
}

export function hotpluggableVolumes({ volumes = [] }: VirtualMachineInstanceSpec): Volume[] {
  return volumes.filter(isHotpluggable);
}

/** What of a launcher pod tells which claims it has. */
interface Mounting {
  spec?: { volumes?: readonly { name: string; persistentVolumeClaim?: { claimName: string } }[] } | undefined;
}

/** Those that the launcher has not, as they came after it was made. */
export function pluggedVolumes(spec: VirtualMachineInstanceSpec, launcher: Mounting): PluggedVolume[] {
  const mounted = launcher.spec?.volumes ?? [];
  return hotpluggableVolumes(spec).flatMap(({ name, persistentVolumeClaim }) => {
    if (persistentVolumeClaim === undefined) return [];
    const { claimName } = persistentVolumeClaim;
    const isMounted = mounted.some((each) => each.name === name && each.persistentVolumeClaim?.claimName === claimName);
    return isMounted ? [] : [{ name, ...persistentVolumeClaim }];
  });
}

export interface PluggedVolume {
  name: string;
  claimName: string;
  readOnly?: boolean;
}

/** With the volumes and disks that the launcher was made with, and no others; a cdrom drive is then without its medium. */
export function asMounted(vmi: VirtualMachineInstance, launcher: Mounting): VirtualMachineInstance {
  const plugged = new Set(pluggedVolumes(vmi.spec, launcher).map(({ name }) => name));
  if (plugged.size === 0) return vmi;
  const { domain, volumes = [] } = vmi.spec;
  const remain = ({ name }: { name: string }): boolean => !plugged.has(name);
  const disks = (domain.devices.disks ?? []).filter((disk) => disk.cdrom || remain(disk));
  const devices = { ...domain.devices, disks };
  return { ...vmi, spec: { ...vmi.spec, domain: { ...domain, devices }, volumes: volumes.filter(remain) } };
}

/** What is said of volumes that are or were to be plugged in. The same volume may also be told of as one that a pod is about to go of. */
export function pluggedStatuses(status: VirtualMachineInstanceStatus | undefined): VolumeStatus[] {
  return (status?.volumeStatus ?? []).filter((each) => each.hotplugVolume && !isUnmounted(each));
}

/** What is said of a volume that was plugged, with this claim; undefined when nothing is, or of another claim. */
export function pluggedStatus(
  { status }: VirtualMachineInstance,
  { name, claimName }: Pick<PluggedVolume, "name" | "claimName">,
): VolumeStatus | undefined {
  return pluggedStatuses(status).find(
    (each) => each.name === name && each.persistentVolumeClaimInfo?.claimName === claimName,
  );
}

export function isUnmounted({ phase }: VolumeStatus): boolean {
  return phase === hotplugPhases.unmounted;
}

/** Told of as a pod that is about to go. */
export function isReleased({ status }: VirtualMachineInstance, { metadata }: Pod): boolean {
  return (status?.volumeStatus ?? []).some(
    (each) => isUnmounted(each) && each.hotplugVolume?.attachPodUID === metadata?.uid,
  );
}

/** QEMU has the disk, or may have it any moment: the claim is not to be taken away. */
export function isInUse({ phase }: VolumeStatus): boolean {
  return phase === hotplugPhases.mountedToPod || phase === hotplugPhases.ready || phase === hotplugPhases.detaching;
}

/** Of a pod that brings a claim: the name of its volume; empty for any other pod. */
export function volumeOf({ metadata }: Pod): string {
  return metadata?.annotations?.[attachedVolumeAnnotation] ?? "";
}

export function claimOf({ spec }: Pod): string {
  return spec?.volumes?.find((volume) => volume.persistentVolumeClaim)?.persistentVolumeClaim?.claimName ?? "";
}

export function serves(pod: Pod, { name, claimName }: Pick<PluggedVolume, "name" | "claimName">): boolean {
  return volumeOf(pod) === name && claimOf(pod) === claimName;
}
