/**
 * The launcher pod's volumes. The node agent writes the emptyDirs from the host, also the media that it makes of ConfigMaps, Secrets and
 * cloud-init; everything else is brought to the node by the kubelet like the volumes of any pod.
 */
import { posix } from "node:path";
import type { Container, PodSpec } from "../../../../api/core.ts";
import { isFilesystem } from "../../../../api/kubevirt/filesystems.ts";
import { stateClaimName } from "../../../../api/kubevirt/persistent-state.ts";
import type { VirtualMachineInstance, Volume } from "../../../../api/kubevirt/types.ts";
import { launcherPaths } from "../../../qemu/domain/paths.ts";
import { type ContainerImage, containerImages } from "./container-images.ts";
import { filesystemPodVolumes, filesystemSockets } from "./filesystems.ts";
import { freeName, referenceVolumes } from "./references.ts";

type PodVolume = NonNullable<PodSpec["volumes"]>[number];

export interface LauncherVolumes {
  volumes: PodVolume[];
  volumeMounts: NonNullable<Container["volumeMounts"]>;
  volumeDevices: NonNullable<Container["volumeDevices"]>;
}

export interface VolumeContext {
  /** Names of the PersistentVolumeClaims that have volumeMode Block. */
  blockClaims: ReadonlySet<string>;
  /** Images can be volumes of pods; else they are copied (./copies.ts). */
  imageVolumes: boolean;
}

export function launcherVolumes(vmi: VirtualMachineInstance, context: VolumeContext): LauncherVolumes {
  const { spec } = vmi;
  const result: LauncherVolumes = {
    volumes: [
      { name: "run", emptyDir: {} },
      { name: "disks", emptyDir: {} },
    ],
    volumeMounts: [
      { name: "run", mountPath: launcherPaths.run },
      { name: "disks", mountPath: launcherPaths.disks },
    ],
    volumeDevices: [],
  };
  for (const image of containerImages(spec)) addImage(result, image, context);
  for (const volume of spec.volumes ?? []) if (!isFilesystem(spec, volume)) addVolume(result, volume, context);
  addState(result, vmi);
  const references = referenceVolumes(spec);
  result.volumes.push(...references.volumes);
  result.volumeMounts.push(...references.volumeMounts);
  const sockets = filesystemSockets(spec);
  result.volumes.push(...filesystemPodVolumes(spec, context.blockClaims), ...sockets.volumes);
  result.volumeMounts.push(...sockets.volumeMounts);
  return result;
}

const stateVolume = "vm-state";

function addState({ volumes, volumeMounts }: LauncherVolumes, vmi: VirtualMachineInstance): void {
  const claimName = stateClaimName(vmi);
  if (claimName === undefined) return;
  const name = freeName(stateVolume, new Set(volumes.map((volume) => volume.name)));
  volumes.push({ name, persistentVolumeClaim: { claimName } });
  volumeMounts.push({ name, mountPath: launcherPaths.state });
}

function addImage(
  result: LauncherVolumes,
  { name, image, imagePullPolicy }: ContainerImage,
  { imageVolumes }: VolumeContext,
): void {
  const source = imageVolumes ? { image: { reference: image, pullPolicy: imagePullPolicy } } : { emptyDir: {} };
  result.volumes.push({ name, ...source });
  result.volumeMounts.push({ name, mountPath: `${launcherPaths.containerDisks}/${name}`, readOnly: true });
}

function addVolume(result: LauncherVolumes, volume: Volume, { blockClaims }: VolumeContext): void {
  const { name, persistentVolumeClaim, ephemeral, hostDisk, downwardAPI } = volume;
  const below = ephemeral?.persistentVolumeClaim;
  if (below) addClaim(result, name, { ...below, isOnlyRead: true }, blockClaims);
  if (hostDisk) {
    const type = hostDisk.type === "DiskOrCreate" ? "DirectoryOrCreate" : "Directory";
    result.volumes.push({ name, hostPath: { path: posix.dirname(hostDisk.path), type } });
    result.volumeMounts.push({ name, mountPath: `${launcherPaths.hostDisks}/${name}` });
  }
  if (downwardAPI) {
    result.volumes.push({ name, downwardAPI: { items: downwardAPI.fields ?? [] } });
    result.volumeMounts.push({ name, mountPath: `${launcherPaths.downwardApi}/${name}`, readOnly: true });
  }
  if (persistentVolumeClaim) addClaim(result, name, { ...persistentVolumeClaim, isOnlyRead: false }, blockClaims);
}

function addClaim(
  result: LauncherVolumes,
  name: string,
  { claimName, readOnly, isOnlyRead }: { claimName: string; readOnly?: boolean; isOnlyRead: boolean },
  blockClaims: ReadonlySet<string>,
): void {
  result.volumes.push({ name, persistentVolumeClaim: { claimName, ...(readOnly && { readOnly }) } });
  if (blockClaims.has(claimName))
    result.volumeDevices.push({ name, devicePath: `${launcherPaths.blockDevices}/${name}` });
  else
    result.volumeMounts.push({
      name,
      mountPath: `${launcherPaths.pvc}/${name}`,
      ...(isOnlyRead && { readOnly: true }),
    });
}
