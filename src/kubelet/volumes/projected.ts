/** Volumes whose files come from the API (configMap, secret, downwardAPI, projected); kept current while the pod runs. */
import type { Pod, Volume } from "../../../api/core.ts";
import { messageOf } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import type { PodFacts } from "../config/field-ref.ts";
import type { MountedVolume, MutablePodMemory } from "../pods/memory.ts";
import { createBinaryReferences } from "../references.ts";
import { writeAtomically } from "./atomic-write.ts";
import { payloadOf } from "./payload.ts";
import type { VolumeInput } from "./set-up.ts";
import { serviceAccountToken } from "./token.ts";
import { applyFsGroup, makeVolumeDir, type VolumePlugin, volumeDir } from "./volume-dir.ts";

function pluginOf(volume: Volume): VolumePlugin | undefined {
  if (volume.configMap !== undefined) {
    return "configmap";
  }
  if (volume.secret !== undefined) {
    return "secret";
  }
  if (volume.downwardAPI !== undefined) {
    return "downward-api";
  }
  return volume.projected === undefined ? undefined : "projected";
}

export const isProjectedKind = (volume: Volume): boolean => pluginOf(volume) !== undefined;

export async function projectedVolume({ context, pod, volume, memory }: VolumeInput): Promise<MountedVolume> {
  const dir = volumeDir(context.rootDir, pod, pluginOf(volume) ?? "projected", volume.name);
  await makeVolumeDir(dir, 0o777);
  await update(context, pod, volume, dir, memory);
  return { hostPath: dir, readOnly: true };
}

/**
 * Brings these volumes of a running pod up to date, each for itself: one whose Secret was deleted stays as it is, and keeps no other volume,
 * of this pod or another, from a fresh token. Never rejects.
 */
export async function refreshVolumes(context: KubeletContext, pod: Pod, memory: MutablePodMemory): Promise<void> {
  for (const volume of (pod.spec?.volumes ?? []).filter(isProjectedKind)) {
    const mounted = memory.volumes.get(volume.name);
    if (mounted !== undefined) {
      await update(context, pod, volume, mounted.hostPath, memory).catch((error: unknown) => {
        const { namespace, name } = pod.metadata ?? {};
        const what = { pod: `${namespace}/${name}`, volume: volume.name, error: messageOf(error) };
        context.log.warn(what, "cannot bring a volume up to date");
      });
    }
  }
}

async function update(
  context: KubeletContext,
  pod: Pod,
  volume: Volume,
  dir: string,
  memory: MutablePodMemory,
): Promise<void> {
  const payload = await payloadOf(
    {
      pod,
      facts: factsOf(context, pod),
      references: createBinaryReferences(context.client, pod.metadata?.namespace ?? ""),
      token: (wish) => serviceAccountToken(context.client, pod, wish, memory.tokens),
    },
    volume,
  );
  if (await writeAtomically(dir, payload)) {
    await applyFsGroup(dir, pod);
  }
}

function factsOf(context: KubeletContext, pod: Pod): PodFacts {
  return {
    nodeName: context.nodeName,
    hostIp: context.nodeIp,
    podIps: (pod.status?.podIPs ?? []).map(({ ip }) => ip ?? ""),
    allocatable: { cpu: String(context.machine.cpus), memory: String(context.machine.memoryBytes) },
  };
}
