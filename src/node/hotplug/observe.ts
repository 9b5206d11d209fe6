/** Looks at the claims that are to be plugged into a running machine. Reads only. */
import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../api/core.ts";
import {
  asMounted,
  hotpluggableVolumes,
  isReleased,
  type PluggedVolume,
  pluggedVolumes,
  serves,
} from "../../../api/kubevirt/hotplug-volume.ts";
import { plugObstacle } from "../../../api/kubevirt/pluggable-disk.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { unlessMissing } from "../../base/files.ts";
import type { Informer } from "../../client/informer.ts";
import { pluggedSocket, servedSocket } from "../../qemu/domain/paths.ts";
import { controllerOf, isControlledBy } from "../../runtime/owner-references.ts";
import { emptyDirOf } from "../process/empty-dir.ts";
import { diskSources } from "../disks/disk-source.ts";
import { type DiskObservation, observeDisk } from "../disks/observe-disk.ts";
import type { MachineObservation } from "../domain/observation.ts";
import { isAttached } from "./attached.ts";

export interface PlugObservation {
  volume: PluggedVolume;
  /** The one on this node that serves it. */
  pod: Pod | undefined;
  /** It listens, where QEMU looks for it (./sockets.ts). */
  isLinked: boolean;
}

export interface PlugSources {
  /** Those that serve claims on this node, indexed `byPlugged`. */
  attachments: Informer<Pod>;
  kubeletRoot: string;
}

export const byPlugged = "plugged-machine";

export const pluggedMachineOf = (pod: Pod): string => `${pod.metadata?.namespace}/${controllerOf(pod)?.name}`;

/** In `run` of the launcher. Another claim of the same volume's has another: QEMU comes back to the one that it had. */
export function pluggedSocketOf({ name, claimName }: PluggedVolume): string {
  return pluggedSocket(createHash("sha256").update(`${name} ${claimName}`).digest("hex").slice(0, 16));
}

export async function observePlugs(
  { attachments, kubeletRoot }: PlugSources,
  vmi: VirtualMachineInstance,
  launcher: Pod,
): Promise<PlugObservation[]> {
  const { namespace, name } = vmi.metadata ?? {};
  const pods = attachments
    .byIndex(byPlugged, `${namespace}/${name}`)
    .filter((pod) => isControlledBy(pod, vmi) && !isReleased(vmi, pod));
  return Promise.all(
    pluggedVolumes(vmi.spec, launcher).map(async (volume) => {
      const pod = pods.find((each) => serves(each, volume));
      const served = pod && serverRuns(pod) ? await socketInode(kubeletRoot, pod, servedSocket) : undefined;
      const linked = await socketInode(kubeletRoot, launcher, pluggedSocketOf(volume));
      return { volume, pod, isLinked: served !== undefined && served === linked };
    }),
  );
}

/** Of a socket in a pod's `run`: two names of one socket have the same. */
export async function socketInode(kubeletRoot: string, { metadata }: Pod, file: string): Promise<number | undefined> {
  const found = await unlessMissing(lstat(join(emptyDirOf(kubeletRoot, metadata?.uid ?? "", "run"), file)));
  return found?.isSocket() ? found.ino : undefined;
}

/** Claims of the launcher's own that were unplugged, or never in their drives, and are wanted: as files that QEMU finds. */
export async function observeReturning(
  pid: number,
  vmi: VirtualMachineInstance,
  launcher: Pod,
  machine: MachineObservation,
): Promise<DiskObservation[]> {
  const { spec } = asMounted(vmi, launcher);
  const hotpluggable = new Set(hotpluggableVolumes(spec).map(({ name }) => name));
  const missing = (spec.domain.devices.disks ?? []).filter(
    (disk) => hotpluggable.has(disk.name) && !isAttached(machine, disk.name) && plugObstacle(disk, spec) === undefined,
  );
  const sources = diskSources(spec).filter(({ volume }) => missing.some(({ name }) => name === volume));
  const found = await Promise.all(sources.map((source) => observeDisk(pid, source)));
  return found.filter(({ image }) => image !== undefined);
}

/** Whether or not it listens yet. */
export function serverRuns({ status }: Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true;
}
