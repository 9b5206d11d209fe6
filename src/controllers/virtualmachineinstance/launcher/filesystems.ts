/**
 * File systems of a machine: beside QEMU's container, one for each volume that its guest mounts. It sees that volume and a socket, no other
 * part of the machine; and QEMU's container sees the socket, not the volume.
 *
 *   guest --virtio--> QEMU (compute) --socket, the guest's memory--> virtiofsd (virtiofs-NAME) --> volume NAME
 */
import { posix } from "node:path";
import type { Container, PodSpec } from "../../../../api/core.ts";
import { filesystemVolumes } from "../../../../api/kubevirt/filesystems.ts";
import type { VirtualMachineInstanceSpec, Volume } from "../../../../api/kubevirt/types.ts";
import { TerminalError } from "../../../base/errors.ts";
import { compareQuantities, quantityToNumber } from "../../../base/quantity.ts";
import type { Domain } from "../../../qemu/domain/domain.ts";
import { filesystemSocket, launcherPaths } from "../../../qemu/domain/paths.ts";
import { freeName } from "./references.ts";
import type { Resources } from "./resources.ts";

type PodVolume = NonNullable<PodSpec["volumes"]>[number];
type Mount = NonNullable<Container["volumeMounts"]>[number];

interface FilesystemContext {
  launcherImage: string;
  securityContext: Container["securityContext"];
  /** Of QEMU's container. */
  compute: Resources;
}

const containerPrefix = "virtiofs-";

/** Upstream's amounts. */
const requests = { cpu: "10m", memory: "1M" };
const limits = { cpu: "100m", memory: "80M" };

export function filesystemContainers(spec: VirtualMachineInstanceSpec, context: FilesystemContext): Container[] {
  const sockets = socketMounts(spec);
  return filesystemVolumes(spec).map((volume, index) => ({
    name: `${containerPrefix}${volume.name}`,
    image: context.launcherImage,
    imagePullPolicy: "IfNotPresent",
    command: [launcherPaths.shareDirectory, sharedDirectory(volume), filesystemSocket(volume.name)],
    resources: resourcesOf(spec, context.compute),
    securityContext: context.securityContext,
    // Why it ended is then in the pod's status, and from there in the machine's.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [...sockets.slice(index, index + 1), ...ownMount(volume)],
  }));
}

/**
 * What a server reads goes straight to the guest's memory, and memory is accounted to whoever writes to it first. So a limit leaves room
 * for all of that, unless QEMU has taken it already.
 */
function resourcesOf({ domain }: VirtualMachineInstanceSpec, compute: Resources): Resources {
  if (isGuaranteed(compute)) return { requests: limits, limits };
  const { guest = 0, maxGuest = guest } = domain.memory ?? {};
  const bytes = quantityToNumber(limits.memory) + Math.max(quantityToNumber(guest), quantityToNumber(maxGuest));
  return { requests, limits: { ...limits, memory: String(bytes) } };
}

/** Where a server's limit has no room for the guest's memory, QEMU takes all of it at the start. */
export function withMemoryTaken(domain: Domain, compute: Resources): Domain {
  if (!domain.memory.shared || !isGuaranteed(compute)) return domain;
  return { ...domain, memory: { ...domain.memory, preallocated: true } };
}

/** One of less would take from the pod what QEMU's container asks for: a quality of service of all its containers together. */
function isGuaranteed(compute: Resources): boolean {
  return ["cpu", "memory"].every((name) => {
    const limit = compute.limits[name];
    return limit !== undefined && compareQuantities(limit, compute.requests[name] ?? limit) === 0;
  });
}

/** The kubelet mounts the token itself, into every container. */
function sharedDirectory({ serviceAccount }: Volume): string {
  return serviceAccount ? launcherPaths.serviceAccount : launcherPaths.shared;
}

function ownMount({ name, serviceAccount, persistentVolumeClaim }: Volume): Mount[] {
  if (serviceAccount) return [];
  const readOnly = persistentVolumeClaim === undefined || persistentVolumeClaim.readOnly === true;
  return [{ name, mountPath: launcherPaths.shared, ...(readOnly && { readOnly }) }];
}

/** The volumes that the guest mounts. @throws TerminalError when one is a block device. */
export function filesystemPodVolumes(spec: VirtualMachineInstanceSpec, blockClaims: ReadonlySet<string>): PodVolume[] {
  return filesystemVolumes(spec).flatMap((volume) => podVolume(volume, blockClaims));
}

function podVolume(volume: Volume, blockClaims: ReadonlySet<string>): PodVolume[] {
  const { name, persistentVolumeClaim, configMap, secret, downwardAPI } = volume;
  if (persistentVolumeClaim) {
    const { claimName, readOnly } = persistentVolumeClaim;
    if (blockClaims.has(claimName)) throw noDirectory(name, claimName);
    return [{ name, persistentVolumeClaim: { claimName, ...(readOnly && { readOnly }) } }];
  }
  if (configMap) return [{ name, configMap: { name: configMap.name ?? "", ...optional(configMap) } }];
  if (secret) return [{ name, secret: { secretName: secret.secretName ?? "", ...optional(secret) } }];
  return downwardAPI ? [{ name, downwardAPI: { items: downwardAPI.fields ?? [] } }] : [];
}

function optional(source: { optional?: boolean }): { optional?: true } {
  return source.optional ? { optional: true } : {};
}

function noDirectory(name: string, claimName: string): TerminalError {
  return new TerminalError(
    "BlockFilesystem",
    `filesystem ${name}: PersistentVolumeClaim ${claimName} has volumeMode Block: show it as a disk, or use one of volumeMode Filesystem`,
  );
}

/** An empty volume for each socket, so that none of the servers can take another one's place. */
export function filesystemSockets(spec: VirtualMachineInstanceSpec): { volumes: PodVolume[]; volumeMounts: Mount[] } {
  const volumeMounts = socketMounts(spec);
  return { volumes: volumeMounts.map(({ name }) => ({ name, emptyDir: {} })), volumeMounts };
}

function socketMounts(spec: VirtualMachineInstanceSpec): Mount[] {
  const taken = new Set((spec.volumes ?? []).map((volume) => volume.name));
  return filesystemVolumes(spec).map((volume, index) => ({
    name: freeName(`${containerPrefix}${index}`, taken),
    mountPath: socketDirectory(volume),
  }));
}

function socketDirectory({ name }: Volume): string {
  return posix.dirname(filesystemSocket(name));
}

/** The volume that a container of a launcher shows to the guest; undefined for another container. */
export function sharedVolume(containerName: string): string | undefined {
  return containerName.startsWith(containerPrefix) ? containerName.slice(containerPrefix.length) : undefined;
}
