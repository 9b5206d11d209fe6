/**
 * Disks of a running guest come and go as the claims of its instance do. Pure.
 *
 *   a pod serves the claim ─▶ its socket gets a name in the launcher, too ─▶ the status says so ─▶ blockdev-add, device_add
 *   the volume is gone     ─▶ device_del ─▶ the guest lets go ─▶ yank, blockdev-del ─▶ the status says nothing of it ─▶ the pod may go
 *   nothing is left on bus scsi ─▶ device_del of its controller
 *
 * In a drive it is the medium that comes and goes (blockdev-insert-medium, blockdev-remove-medium), which asks nobody. What the launcher was
 * made with has no server: it goes and comes as a file.
 *
 * Nothing is plugged in before the status, as it is stored, says that it is in use: by that the controller knows that the claim must stay,
 * whatever becomes of this agent. A guest that does not let go is asked again after a while.
 */
import { hotplugPhases, pluggedStatus, pluggedStatuses } from "../../../api/kubevirt/hotplug-volume.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
import type { Device } from "../../qemu/devices/device.ts";
import type { ObservedDevices } from "../../qemu/devices/observe.ts";
import { ejectMedium, isDrive } from "../../qemu/devices/disk.ts";
import { planDevices } from "../../qemu/devices/plan.ts";
import { driveId, driveNode, scsiController, servedNode } from "../../qemu/domain/ids.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import { diskSources } from "../disks/disk-source.ts";
import { desiredDevices, desiredNics } from "../domain/desired-devices.ts";
import type { Observation } from "../domain/observation.ts";
import { isAttached } from "./attached.ts";
import { type PlugObservation, pluggedSocketOf } from "./observe.ts";

/** @throws TerminalError when there is no place for one more */
export function planDisks(observation: Observation): DeviceAction[] {
  const { machine, unplugAsked } = observation;
  if (machine === undefined) return [];
  const unplug = planUnplug(observation, machine.devices);
  return [
    ...unplug.filter(({ command, args }) => !(command === "device_del" && unplugAsked.has(args.id))),
    ...planPlug(observation, machine.devices),
  ];
}

function planUnplug(observation: Observation, devices: ObservedDevices): DeviceAction[] {
  const idle: DeviceAction = { command: "device_del", args: { id: scsiController } };
  return [
    ...goneVolumes(observation).flatMap((name) => removal(name, devices)),
    ...(hasIdleController(observation) ? [idle] : []),
  ];
}

/**
 * Two steps, apart in time: what is behind a disk can be removed once the guest has let go of it. No guest is asked for a medium, and
 * QEMU takes no hard disk from an IDE bus.
 */
function removal(name: string, devices: ObservedDevices): DeviceAction[] {
  const [id, node, served] = [driveId(name), driveNode(name), servedNode(name)];
  if (devices.media.get(id) === node) return ejectMedium(name);
  const driver = devices.devices.get(id);
  if (driver === "ide-hd") return [];
  if (driver !== undefined && !isDrive(driver)) return [{ command: "device_del", args: { id } }];
  if (!devices.blockNodes.has(node)) return [];
  const args = { "node-name": node };
  return [
    devices.blockNodes.has(served)
      ? { command: "remove-served", args: { ...args, served } }
      : { command: "blockdev-del", args },
  ];
}

function planPlug(observation: Observation, devices: ObservedDevices): DeviceAction[] {
  const ready = [...readyVolumes(observation), ...(observation.returning ?? []).map(({ volume }) => volume)];
  if (ready.length === 0) return [];
  const [ids, nodes] = [new Set([scsiController, ...ready.map(driveId)]), new Set(ready.map(driveNode))];
  return planDevices(desiredDisks(observation, new Set(ready)), devices).filter((action) =>
    action.command === "blockdev-add" ? nodes.has(action.args["node-name"]) : isOfDevice(action, ids),
  );
}

function isOfDevice(action: DeviceAction, ids: ReadonlySet<string>): boolean {
  const isPlug = action.command === "device_add" || /^blockdev-(open|insert|close)-/.test(action.command);
  return isPlug && "id" in action.args && typeof action.args.id === "string" && ids.has(action.args.id);
}

/** The last disk on it has gone. Where the guest moves to there is none, and QEMU takes it amiss. */
export function hasIdleController({ vmi, machine }: Observation): boolean {
  const devices = machine?.devices.devices ?? new Map<string, string>();
  const isWanted = vmi.spec.domain.devices.disks?.some(
    ({ disk, cdrom, lun }) => (disk ?? cdrom ?? lun)?.bus === "scsi",
  );
  const isUsed = [...devices.values()].some((driver) => driver.startsWith("scsi-"));
  return devices.has(scsiController) && isWanted !== true && !isUsed;
}

/** Nobody boots from them. After the NICs, so that a place that is kept for one is not taken. */
function desiredDisks({ vmi, plugs = [], returning = [] }: Observation, ready: ReadonlySet<string>): Device[] {
  const served = new Map(plugs.map(({ volume }) => [volume.name, `${launcherPaths.run}/${pluggedSocketOf(volume)}`]));
  const disks = diskSources(vmi.spec).flatMap((source) => {
    if (!ready.has(source.volume)) return [];
    const path = served.get(source.volume);
    if (path === undefined) return returning.filter(({ volume }) => volume === source.volume);
    return [{ ...source, image: { format: "raw" as const, path, served: true } }];
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
  const isReady = ({ volume, pod, isLinked }: PlugObservation): boolean => {
    const phase = pluggedStatus(vmi, volume)?.phase;
    if (pod === undefined || isBeingDeleted(pod)) return false;
    return isLinked && (phase === hotplugPhases.mountedToPod || phase === hotplugPhases.ready);
  };
  return plugs.filter(isReady).map(({ volume }) => volume.name);
}

/** What the guest may have, and is to let go of: no disk but those that come and go, plugged in or of the launcher's own. */
export function goneVolumes(observation: Observation): string[] {
  const { vmi, pod } = observation;
  const exchanged = exchangedVolumes(observation);
  const own = (pod.spec?.volumes ?? []).filter(({ persistentVolumeClaim }) => persistentVolumeClaim);
  const isSpecified = (name: string): boolean => vmi.spec.volumes?.some((volume) => volume.name === name) === true;
  const names = [...pluggedStatuses(vmi.status), ...own].map(({ name }) => name).filter((name) => !isSpecified(name));
  return [...new Set([...exchanged, ...names])];
}

/** Those that the guest still has with another claim than the one that they name by now. */
export function exchangedVolumes({ vmi, plugs = [], machine }: Observation): string[] {
  const isOther = ({ volume }: PlugObservation): boolean => pluggedStatus(vmi, volume) === undefined;
  return plugs.filter((plug) => isOther(plug) && hasDisk(machine, plug.volume.name)).map(({ volume }) => volume.name);
}

/** QEMU has it, or what is behind it. */
export function hasDisk(machine: Observation["machine"], name: string): boolean {
  return isAttached(machine, name) || machine?.devices.blockNodes.has(driveNode(name)) === true;
}
