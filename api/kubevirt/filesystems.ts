/** Volumes that the guest mounts as directories (`domain.devices.filesystems`), instead of finding a disk. Pure. */
import type { VirtualMachineInstanceSpec, Volume } from "./types.ts";

/** What can be mounted: a claim, and what a pod would have as files. */
export const filesystemSources = [
  "persistentVolumeClaim",
  "configMap",
  "secret",
  "serviceAccount",
  "downwardAPI",
] as const;

export function hasFilesystems({ domain }: VirtualMachineInstanceSpec): boolean {
  return (domain.devices.filesystems ?? []).length > 0;
}

export function filesystemVolumes(spec: VirtualMachineInstanceSpec): Volume[] {
  return (spec.volumes ?? []).filter((volume) => isFilesystem(spec, volume));
}

export function isFilesystem({ domain }: VirtualMachineInstanceSpec, { name }: Pick<Volume, "name">): boolean {
  return (domain.devices.filesystems ?? []).some((filesystem) => filesystem.name === name);
}
