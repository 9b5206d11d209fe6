/** Where the content of each disk comes from: the volumes of a VMI as files in the launcher's container. Pure. */
import { posix } from "node:path";
import type { VirtualMachineInstanceSpec, Volume } from "../../../api/kubevirt/types.ts";
import { TerminalError } from "../../base/errors.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";

/** All paths as QEMU sees them. */
export type DiskSource =
  /** A writable overlay over a file of the image; lost with the pod. */
  | { type: "containerDisk"; path: string; directory: string; file: string | undefined }
  | { type: "emptyDisk"; path: string; capacityBytes: number }
  /** A read-only medium made from text or from a ConfigMap or Secret. */
  | { type: "medium"; path: string; volume: Volume }
  /** A writable overlay over what a claim holds; lost with the pod. */
  | { type: "claimOverlay"; path: string; base: string; device: string; claimName: string }
  /** What the guest may know of its node, written anew every few seconds. */
  | { type: "metrics"; path: string }
  /** A file of the node. */
  | { type: "hostDisk"; path: string; hostPath: string; capacityBytes: number | undefined }
  /** `disk.img` in a claim, or the claim itself when it is a block device. */
  | { type: "claim"; path: string; device: string; claimName: string; readOnly: boolean };

export interface NamedSource {
  volume: string;
  source: DiskSource;
  /** The guest is to see blocks as large as those that it is made of. */
  matchBlockSize?: boolean;
}

/** One for each disk that has a volume; a cdrom without one is an empty drive. */
export function diskSources(spec: VirtualMachineInstanceSpec): NamedSource[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return (spec.domain.devices.disks ?? []).flatMap(({ name, blockSize }) => {
    const volume = volumes.get(name);
    if (volume === undefined) return [];
    const matches = blockSize?.matchVolume && blockSize.matchVolume.enabled !== false;
    return [{ volume: name, source: diskSource(volume), ...(matches && { matchBlockSize: true }) }];
  });
}

function diskSource(volume: Volume): DiskSource {
  const { name, containerDisk, emptyDisk, persistentVolumeClaim, ephemeral, hostDisk, downwardMetrics } = volume;
  if (containerDisk) {
    const root = posix.join(launcherPaths.containerDisks, name);
    const { dir, base } = posix.parse(containerDisk.path || "/disk/");
    return containerDisk.path
      ? { type: "containerDisk", path: writable(name), directory: posix.join(root, dir), file: base }
      : { type: "containerDisk", path: writable(name), directory: posix.join(root, "disk"), file: undefined };
  }
  if (emptyDisk) {
    return { type: "emptyDisk", path: writable(name), capacityBytes: quantityToNumber(emptyDisk.capacity) };
  }
  if (persistentVolumeClaim) {
    const { claimName, readOnly = false } = persistentVolumeClaim;
    return { type: "claim", path: inClaim(name), device: deviceOf(name), claimName, readOnly };
  }
  if (ephemeral) {
    const { claimName = "" } = ephemeral.persistentVolumeClaim ?? {};
    return { type: "claimOverlay", path: writable(name), base: inClaim(name), device: deviceOf(name), claimName };
  }
  if (hostDisk) {
    const path = posix.join(launcherPaths.hostDisks, name, posix.basename(hostDisk.path));
    const capacityBytes = hostDisk.type === "DiskOrCreate" ? quantityToNumber(hostDisk.capacity ?? 0) : undefined;
    return { type: "hostDisk", path, hostPath: hostDisk.path, capacityBytes };
  }
  if (downwardMetrics) return { type: "metrics", path: posix.join(launcherPaths.disks, `${name}.vhostmd`) };
  if (isMedium(volume)) return { type: "medium", path: posix.join(launcherPaths.disks, `${name}.iso`), volume };
  throw new TerminalError("UnsupportedVolume", `volume ${name}: this kind of volume cannot be attached as a disk`);
}

/** Made of text that the API, a ConfigMap, a Secret or the pod itself holds. */
const mediumSources = [
  "cloudInitNoCloud",
  "cloudInitConfigDrive",
  "configMap",
  "secret",
  "sysprep",
  "downwardAPI",
  "serviceAccount",
] as const;

function isMedium(volume: Volume): boolean {
  return mediumSources.some((source) => volume[source] !== undefined);
}

/** Lost with the pod: it lives in it, or is made for it. */
export function livesInPod({ type }: DiskSource): boolean {
  return type !== "claim" && type !== "hostDisk";
}

function inClaim(name: string): string {
  return posix.join(launcherPaths.pvc, name, "disk.img");
}

function deviceOf(name: string): string {
  return posix.join(launcherPaths.blockDevices, name);
}

function writable(name: string): string {
  return posix.join(launcherPaths.disks, `${name}.qcow2`);
}
