/**
 * Disks of a running guest come and go as the claims of its instance do. Pure.
 *
 *   a pod serves the claim ─▶ its socket gets a name in the launcher, too ─▶ the status says so ─▶ blockdev-add, device_add
 *   the volume is gone     ─▶ device_del ─▶ the guest lets go ─▶ blockdev-del ─▶ the status says nothing of it ─▶ the pod may go
 *
 * Nothing is plugged in before the status, as it is stored, says that it is in use: by that the controller knows that the claim must stay,
 * whatever becomes of this agent. A guest that does not let go is asked again after a while.
 */
import { hotplugPhases, pluggedStatus } from "../../../api/kubevirt/hotplug-volume.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
import type { Device } from "../../qemu/devices/device.ts";
import { planDevices } from "../../qemu/devices/plan.ts";
import { driveId, driveNode } from "../../qemu/domain/ids.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { diskSources } from "../disks/disk-source.ts";
import { desiredDevices, desiredNics } from "../domain/desired-devices.ts";
import type { Observation } from "../domain/observation.ts";
import { type PlugObservation, pluggedSocketOf } from "./observe.ts";

/** Those whose server is there, and not yet where QEMU looks for it. */
export function planLinked({ plugs = [] }: Observation): PlugObservation[] {
  return plugs.filter(({ isServed, isLinked }) => isServed && !isLinked);
}

/** @throws TerminalError when there is no place for one more */
export function planDisks(observation: Observation): DeviceAction[] {
  const { machine, unplugAsked } = observation;
  if (machine === undefined) return [];
  const ready = new Set(readyVolumes(observation));
  const wanted = desiredDisks(observation, ready);
  const kept = keptDisks(observation);
  const nodes = (names: ReadonlySet<string>) => new Set([...names].map(driveNode));
  const [readyNodes, keptNodes] = [nodes(ready), nodes(kept)];
  return planDevices(wanted, machine.devices).filter((action) => {
    switch (action.command) {
      case "blockdev-add":
        return readyNodes.has(action.args["node-name"]);
      case "device_add":
        return action.args.id === scsiController || [...ready].some((name) => driveId(name) === action.args.id);
      case "device_del":
        return isGone(action.args.id, kept) && !unplugAsked.has(action.args.id);
      case "blockdev-del":
        return !keptNodes.has(action.args["node-name"]);
      default:
        return false;
    }
  });
}

const scsiController = "scsi0";

/** Nobody boots from them. After the NICs, so that a place that is kept for one is not taken. */
function desiredDisks({ vmi }: Observation, ready: ReadonlySet<string>): Device[] {
  const sources = diskSources(vmi.spec).filter(({ volume }) => ready.has(volume));
  const claims = new Map(vmi.spec.volumes?.map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim]));
  const disks = sources.map((source) => {
    const { claimName = "" } = claims.get(source.volume) ?? {};
    const path = `${launcherPaths.run}/${pluggedSocketOf({ name: source.volume, claimName })}`;
    return { ...source, image: { format: "raw" as const, path, served: true } };
  });
  const plugged = desiredDevices(vmi, disks).flatMap((device): Device[] => {
    if (device.kind !== "disk" || !ready.has(device.name)) return [];
    const { bootIndex: _, ...disk } = device;
    return [disk];
  });
  return [...desiredNics(vmi), ...plugged];
}

function readyVolumes(observation: Observation): string[] {
  const { vmi, plugs = [] } = observation;
  const isReady = ({ volume, isLinked }: PlugObservation): boolean => {
    const phase = pluggedStatus(vmi, volume)?.phase;
    return isLinked && (phase === hotplugPhases.mountedToPod || phase === hotplugPhases.ready);
  };
  return plugs.filter(isReady).map(({ volume }) => volume.name);
}

/** The disks that the guest has, and is to keep. */
function keptDisks(observation: Observation): Set<string> {
  const exchanged = new Set(exchangedVolumes(observation));
  const names = (observation.vmi.spec.domain.devices.disks ?? []).map(({ name }) => name);
  return new Set(names.filter((name) => !exchanged.has(name)));
}

/** Those that the guest still has with another claim than the one that they name by now. */
export function exchangedVolumes({ vmi, plugs = [], machine }: Observation): string[] {
  const isExchanged = ({ volume }: PlugObservation): boolean => {
    const told = vmi.status?.volumeStatus?.find(({ name }) => name === volume.name);
    const isOther = told?.hotplugVolume !== undefined && pluggedStatus(vmi, volume) === undefined;
    return isOther && hasDisk(machine, volume.name);
  };
  return plugs.filter(isExchanged).map(({ volume }) => volume.name);
}

/** QEMU has it, or what is behind it. */
export function hasDisk(machine: Observation["machine"], name: string): boolean {
  const { devices, blockNodes } = machine?.devices ?? {};
  return devices?.has(driveId(name)) === true || blockNodes?.has(driveNode(name)) === true;
}

function isGone(id: string, kept: ReadonlySet<string>): boolean {
  return id.startsWith("disk-") && !kept.has(id.slice("disk-".length));
}
