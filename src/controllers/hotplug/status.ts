/** What an instance says of volumes that are to be plugged in, until they are on its node: from then on its agent tells. Pure. */
import type { Pod } from "../../../api/core.ts";
import { podScheduledReasons } from "../../../api/kubevirt/conditions.ts";
import {
  claimOf,
  hotplugPhases,
  isReleased,
  isUnmounted,
  type PluggedVolume,
  pluggedStatus,
  type VolumeStatus,
  volumeOf,
} from "../../../api/kubevirt/hotplug-volume.ts";
import { findCondition } from "../../runtime/conditions.ts";
import { attachmentOf, type Observation, wantedVolumes } from "./observation.ts";
import { isAttachable, isIdle } from "./plan.ts";

/** Each in its place, new ones at the end. */
export function decideVolumeStatus(observation: Observation): VolumeStatus[] {
  const pending = wantedVolumes(observation).flatMap((volume) => decidePending(observation, volume) ?? []);
  const byName = new Map(pending.map((each) => [each.name, each]));
  const { vmi, attachments } = observation;
  const uids = new Set(attachments.map(({ metadata }) => metadata?.uid));
  const before = vmi.status?.volumeStatus ?? [];
  const told = before.filter((each) => !isUnmounted(each));
  const added = pending.filter(({ name }) => !told.some((each) => each.name === name));
  return [
    ...told.map((each) => byName.get(each.name) ?? each),
    ...added,
    ...before.filter((each) => isUnmounted(each) && uids.has(each.hotplugVolume?.attachPodUID)),
    ...attachments.filter((pod) => !isReleased(vmi, pod) && isIdle(observation, pod)).map(unmounted),
  ];
}

function unmounted(pod: Pod): VolumeStatus {
  const { name, uid } = pod.metadata ?? {};
  return {
    name: volumeOf(pod),
    phase: hotplugPhases.unmounted,
    reason: "AttachmentEnding",
    message: `pod ${name} goes, which brought claim ${claimOf(pod)}`,
    persistentVolumeClaimInfo: { claimName: claimOf(pod) },
    hotplugVolume: { attachPodName: name, attachPodUID: uid },
  };
}

/** Undefined when that is for the agent to say. */
function decidePending(observation: Observation, volume: PluggedVolume): VolumeStatus | undefined {
  const { vmi } = observation;
  const told = vmi.status?.volumeStatus?.find((each) => each.name === volume.name && !isUnmounted(each));
  const pod = attachmentOf(observation, volume);
  if (told && (told !== pluggedStatus(vmi, volume) || told.phase !== hotplugPhases.pending)) return undefined;
  if (pod?.spec?.nodeName !== undefined) return undefined;
  return {
    name: volume.name,
    phase: hotplugPhases.pending,
    ...reasonOf(observation, volume, pod),
    persistentVolumeClaimInfo: { claimName: volume.claimName },
    hotplugVolume: pod ? { attachPodName: pod.metadata?.name, attachPodUID: pod.metadata?.uid } : {},
  };
}

function reasonOf(
  { claims, createFailures }: Observation,
  { name, claimName }: PluggedVolume,
  pod: Pod | undefined,
): Required<Pick<VolumeStatus, "reason" | "message">> {
  const claim = claims.get(claimName);
  if (claim === undefined) return { reason: "ClaimNotFound", message: `there is no claim ${claimName}: create it` };
  if (!isAttachable(claim)) {
    const message = `claim ${claimName} cannot be plugged in while the machine runs: its volumeMode is Block`;
    return { reason: "BlockClaim", message: `${message}; it is there after a restart` };
  }
  const scheduled = findCondition(pod?.status?.conditions, "PodScheduled");
  if (scheduled?.status === "False" && scheduled.reason === podScheduledReasons.unschedulable)
    return { reason: "Unschedulable", message: `pod ${pod?.metadata?.name}: ${scheduled.message}` };
  const failure = createFailures.get(name);
  if (pod === undefined && failure !== undefined)
    return { reason: "FailedCreate", message: `no pod can be made for claim ${claimName}: ${failure}` };
  return { reason: "AttachmentPending", message: `a pod brings claim ${claimName} to the machine's node` };
}
