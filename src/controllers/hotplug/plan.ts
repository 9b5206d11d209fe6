/** Which pods serve claims to a running machine. Pure: the same situation gives the same steps. */
import type { PersistentVolumeClaim, Pod } from "../../../api/core.ts";
import {
  claimOf,
  isInUse,
  isReleased,
  type PluggedVolume,
  pluggedStatus,
  serves,
  volumeOf,
} from "../../../api/kubevirt/hotplug-volume.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import { attachmentOf, type Observation, wantedVolumes } from "./observation.ts";

export type Action =
  | { type: "createPod"; vmi: VirtualMachineInstance; volume: PluggedVolume; claim: PersistentVolumeClaim }
  | { type: "deletePod"; pod: Pod };

export function plan(observation: Observation): Action[] {
  return [...observation.attachments.flatMap((pod) => release(observation, pod)), ...attach(observation)];
}

/**
 * A pod goes once the stored status says so. Agent and controller write there what they are about to do, each on the version that it has
 * looked at: whoever comes second has looked at what is not so any more, and does nothing.
 */
function release({ vmi }: Observation, pod: Pod): Action[] {
  if (isBeingDeleted(pod)) return [];
  return isOfUse(vmi, pod) && !isReleased(vmi, pod) ? [] : [{ type: "deletePod", pod }];
}

/** Nobody wants what it brings, and the guest has let go of it: until then its node agent says that it is in use. */
export function isIdle(observation: Observation, pod: Pod): boolean {
  const { vmi } = observation;
  const isWanted = wantedVolumes(observation).some((volume) => serves(pod, volume));
  const status = pluggedStatus(vmi, { name: volumeOf(pod), claimName: claimOf(pod) });
  const isHeld = status !== undefined && isInUse(status);
  return !isBeingDeleted(pod) && isOfUse(vmi, pod) && !isWanted && !isHeld;
}

/** One that was evicted, or is left of a guest that has ended or is not on this node any more, serves nobody. */
function isOfUse({ status }: VirtualMachineInstance, pod: Pod): boolean {
  const hasEnded = pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
  const isLeft = status?.phase === "Failed" || status?.phase === "Succeeded";
  const isElsewhere = pod.spec?.nodeName !== undefined && pod.spec.nodeName !== status?.nodeName;
  return !hasEnded && !isLeft && !isElsewhere;
}

function attach(observation: Observation): Action[] {
  const { vmi, claims } = observation;
  return wantedVolumes(observation).flatMap((volume): Action[] => {
    const claim = claims.get(volume.claimName);
    if (claim === undefined || !isAttachable(claim) || attachmentOf(observation, volume)) return [];
    return [{ type: "createPod", vmi, volume, claim }];
  });
}

/** A device of a claim would have to be let into the launcher's cgroup, which only its runtime does, when it makes it. */
export function isAttachable({ spec }: PersistentVolumeClaim): boolean {
  return spec?.volumeMode !== "Block";
}
