/** What the status of an instance says of the claims that come and go while it runs, in upstream's words. Pure. */
import type { Pod } from "../../../api/core.ts";
import {
  hotplugPhases,
  isUnmounted,
  pluggedStatus,
  pluggedStatuses,
  type VolumeStatus,
} from "../../../api/kubevirt/hotplug-volume.ts";
import { isDrive } from "../../qemu/devices/disk.ts";
import { driveId } from "../../qemu/domain/ids.ts";
import type { Observation } from "../domain/observation.ts";
import { isAttached } from "./attached.ts";
import type { PlugObservation } from "./observe.ts";
import { exchangedVolumes, goneVolumes, hasDisk, hasIdleController } from "./plan.ts";

/** @param attached of the disks that the guest has, in order */
export function withPlugs(observation: Observation, attached: readonly VolumeStatus[]): VolumeStatus[] {
  const { vmi, plugs = [] } = observation;
  const exchanged = new Set(exchangedVolumes(observation));
  const plugged = plugs.filter(({ volume }) => !exchanged.has(volume.name));
  const entries = plugged.flatMap((plug) => entryOf(observation, plug, attached) ?? []);
  const gone = new Set(goneVolumes(observation));
  const leaving = pluggedStatuses(vmi.status).filter((each) => gone.has(each.name) && isHeld(observation, each));
  const unmounted = (vmi.status?.volumeStatus ?? []).filter(isUnmounted);
  const named = new Set([...entries, ...leaving].map(({ name }) => name));
  return [...attached.filter(({ name }) => !named.has(name)), ...entries, ...leaving.map(detaching), ...unmounted];
}

/** By the guest, which may still have what the disk was plugged into. */
function isHeld(observation: Observation, { name, target }: VolumeStatus): boolean {
  const isScsi = target?.startsWith("sd") === true;
  return hasDisk(observation.machine, name) || (isScsi && hasIdleController(observation));
}

/** Undefined before it is on this node, and nobody has said anything of it. */
function entryOf(
  observation: Observation,
  plug: PlugObservation,
  attached: readonly VolumeStatus[],
): VolumeStatus | undefined {
  const { vmi, machine } = observation;
  const { volume, pod } = plug;
  const before = pluggedStatus(vmi, volume);
  const isPlugged = isAttached(machine, volume.name);
  if (pod === undefined && !isPlugged) return before;
  return {
    ...attached.find(({ name }) => name === volume.name),
    name: volume.name,
    ...(isPlugged ? attachedPhase(plug) : pendingPhase(observation, plug)),
    persistentVolumeClaimInfo: { claimName: volume.claimName },
    hotplugVolume: pod ? { attachPodName: pod.metadata?.name, attachPodUID: pod.metadata?.uid } : before?.hotplugVolume,
  };
}

type Said = Required<Pick<VolumeStatus, "phase" | "reason" | "message">>;

function attachedPhase({ volume, pod, isLinked }: PlugObservation): Said {
  const phase = hotplugPhases.ready;
  if (isLinked)
    return { phase, reason: "VolumeReady", message: `Successfully attach hotplugged volume ${volume.name} to VM` };
  const message = `nobody serves claim ${volume.claimName}, and the guest's reads and writes wait: ${pod ? stateOf(pod) : "its pod is gone"}`;
  return { phase, reason: "ServerLost", message };
}

function pendingPhase({ vmi, machine }: Observation, { volume, pod, isLinked }: PlugObservation): Said {
  const { disk } = vmi.spec.domain.devices.disks?.find(({ name }) => name === volume.name) ?? {};
  const isPluggable = disk?.bus === "virtio" || disk?.bus === "scsi";
  if (!isPluggable && !isDrive(machine?.devices.devices.get(driveId(volume.name)))) {
    const message = `only disks on bus virtio or scsi, and media of cdrom drives, are plugged in while a machine runs; this one is there after a restart`;
    return { phase: hotplugPhases.attachedToNode, reason: "UnsupportedDisk", message };
  }
  if (!isLinked)
    return { phase: hotplugPhases.attachedToNode, reason: "AttachedToNode", message: pod ? stateOf(pod) : "" };
  const message = `Volume ${volume.name} has been mounted in virt-launcher pod`;
  return { phase: hotplugPhases.mountedToPod, reason: "VolumeMountedToPod", message };
}

function detaching(entry: VolumeStatus): VolumeStatus {
  const message = `the guest has been asked to let go of volume ${entry.name}`;
  return { ...entry, phase: hotplugPhases.detaching, reason: "Detaching", message };
}

/** In a line: why it does not serve, if it has said so. */
function stateOf({ metadata, status }: Pod): string {
  const { state, lastState } = status?.containerStatuses?.[0] ?? {};
  const said = state?.terminated?.message ?? lastState?.terminated?.message ?? state?.waiting?.message;
  const what = state?.running ? "begins to serve" : (state?.waiting?.reason ?? status?.phase ?? "starts");
  return `pod ${metadata?.name}: ${said?.trim() || what}`;
}
