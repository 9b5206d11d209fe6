/** Claims that come and go while a machine runs: why one is not where it is to be, and what to do about it. */
import { hotplugPhases, pluggedStatuses, type VolumeStatus } from "../../../api/kubevirt/hotplug-volume.ts";
import { flags } from "./flags.ts";
import type { Explanation, Situation } from "./situation.ts";

const { detaching, ready } = hotplugPhases;

export function pluggingVolume(situation: Situation): Explanation | undefined {
  const { vmi } = situation;
  if (vmi?.status?.phase !== "Running") return undefined;
  const volume = pluggedStatuses(vmi.status).find((each) => !isWell(each));
  if (volume === undefined) return undefined;
  const claim = volume.persistentVolumeClaimInfo?.claimName ?? "";
  const said = [volume.phase, volume.message].filter(Boolean).join(": ");
  return {
    why: `is running on ${vmi.status.nodeName ?? "its node"}, ${whatIsLeft(volume)} volume ${volume.name} of claim ${claim} (${said})`,
    todo: todoOf(situation, volume, claim),
  };
}

/** Also the pod that serves a disk that the guest has may be lost. */
function isWell({ phase, reason }: VolumeStatus): boolean {
  return phase === ready && (reason === undefined || reason === "" || reason === "VolumeReady");
}

function whatIsLeft({ phase }: VolumeStatus): string {
  if (phase === ready) return "but its guest waits for";
  return phase === detaching ? "and is to lose" : "and is to get";
}

function todoOf(situation: Situation, volume: VolumeStatus, claim: string): string {
  const { namespace, name, claims, vm } = situation;
  const restart = vm ? `\`vmpod restart ${name}${flags(situation)}\`` : "another instance in its place";
  const found = claims.find(({ metadata }) => metadata?.name === claim);
  if (volume.phase === detaching)
    return `unmount it in the guest, and wait; a guest that does not let go of it loses it with ${restart}`;
  const giveUp = `give it up with \`vmpod removevolume ${name} --volume-name=${volume.name}${flags(situation)}\``;
  if (volume.phase === ready) return `it goes on by itself once the claim's pod runs again; or ${giveUp}`;
  if (found === undefined) return `create PersistentVolumeClaim ${claim} in namespace ${namespace}, or ${giveUp}`;
  if (found.spec?.volumeMode === "Block" || volume.reason === "UnsupportedDisk")
    return `it comes with ${restart}; or ${giveUp}`;
  if (volume.reason === "Unschedulable")
    return `see what the message says of the pod, which must run on the machine's node; or ${giveUp}`;
  return `wait, or ${giveUp}`;
}
