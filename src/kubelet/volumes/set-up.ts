/**
 * Puts a pod's volumes on the host. Each kind has one function that makes the volume or finds it made; all of it is
 * done again after a restart of this process, so nothing here may disturb a volume in use.
 */
import { mkdir } from "node:fs/promises";
import type { Pod, Volume } from "../../../api/core.ts";
import { messageOf, TerminalError } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import { requireWanted } from "../execute/pull-image.ts";
import type { MountedVolume, MutablePodMemory } from "../pods/memory.ts";
import { podDir, podId } from "../pods/paths.ts";
import { emptyDir } from "./empty-dir.ts";
import { hostPath } from "./host-path.ts";
import { imageVolume } from "./image.ts";
import { persistentVolumeClaim } from "./persistent-volume-claim.ts";
import { isProjectedKind, projectedVolume } from "./projected.ts";

export interface VolumeInput {
  context: KubeletContext;
  pod: Pod;
  volume: Volume;
  memory: MutablePodMemory;
}

export async function setUpVolumes(context: KubeletContext, pod: Pod, memory: MutablePodMemory): Promise<void> {
  await mkdir(podDir(context.rootDir, podId(pod).uid), { recursive: true, mode: 0o750 });
  for (const volume of pod.spec?.volumes ?? []) {
    memory.volumes.set(volume.name, await setUpVolume({ context, pod, volume, memory }));
  }
  memory.volumesReady = true;
  memory.cleanedUp = false;
}

async function setUpVolume(input: VolumeInput): Promise<MountedVolume> {
  const { volume, context, pod, memory } = input;
  try {
    return await byKind(input);
  } catch (error) {
    requireWanted(memory.deleted.signal);
    const message = `MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(error)}`;
    const isPull = error instanceof TerminalError && error.reason.startsWith("ErrImage");
    context.events.warning(pod, isPull ? "Failed" : "FailedMount", message);
    throw new TerminalError(isPull ? error.reason : "FailedMount", message);
  }
}

function byKind(input: VolumeInput): Promise<MountedVolume> {
  const { volume } = input;
  if (volume.hostPath !== undefined) {
    return hostPath(volume.hostPath);
  }
  if (volume.image !== undefined) {
    return imageVolume(input);
  }
  if (volume.persistentVolumeClaim !== undefined) {
    return persistentVolumeClaim(input, volume.persistentVolumeClaim);
  }
  if (isProjectedKind(volume)) {
    return projectedVolume(input);
  }
  const others = Object.keys(volume).filter((key) => key !== "name" && key !== "emptyDir");
  if (others.length > 0) {
    throw new TerminalError("FailedMount", `volumes of kind ${others.join(", ")} are not supported on this node`);
  }
  return emptyDir(input);
}
