/**
 * Adding a volume to a machine, and removing it, on request: when that may be done, and what becomes of the spec. Pure.
 *
 * A VirtualMachine's template is what counts for its instances: whoever changes it changes the running one, too. An instance that no
 * machine keeps is changed itself.
 */
import type { PersistentVolumeClaim } from "../core.ts";
import { badRequest, conflict, type Denied, migrating, type Verdict } from "./admissibility.ts";
import { defaultDisks } from "./defaults/devices.ts";
import { hotplugPhases, isHotpluggable } from "./hotplug-volume.ts";
import { isInTransit } from "./migration/migration.ts";
import { drivesOf, plugObstacle, unplugObstacle } from "./pluggable-disk.ts";
import type { Disk, VirtualMachine, VirtualMachineInstance, VirtualMachineInstanceSpec, Volume } from "./types.ts";
import { claimNameOf } from "./volume-claim.ts";

type Spec = VirtualMachineInstanceSpec;
type ClaimSource = NonNullable<Volume["persistentVolumeClaim"]>;

/** A claim as a disk of a machine: what AddVolumeOptions say. */
export interface AddedVolume {
  /** Of the volume and of its disk. */
  name: string;
  disk: Omit<Disk, "name">;
  source: ClaimSource;
}

export interface VolumeSituation {
  vm: VirtualMachine;
  /** Its own, as long as it has not ended. */
  vmi: VirtualMachineInstance | undefined;
}

/** The spec of the machine's template, or that of the instance. */
type Changed = Verdict<{ spec: Spec }>;

/** @param claim undefined when there is none yet: the disk waits for it */
export function mayAddToMachine(
  { vm, vmi }: VolumeSituation,
  added: AddedVolume,
  claim: PersistentVolumeClaim | undefined,
): Changed {
  const { spec } = vm.spec.template;
  const denied = taken(spec, added) ?? (vmi && (takenIn(vmi, added) ?? notNow(vmi, added, claim)));
  return denied ?? { verdict: "do", spec: withVolume(spec, added) };
}

/** @param claim undefined when there is none yet: the disk waits for it */
export function mayAddToInstance(
  vmi: VirtualMachineInstance,
  added: AddedVolume,
  claim: PersistentVolumeClaim | undefined,
): Changed {
  const denied = notByItself(vmi) ?? takenIn(vmi, added) ?? notNow(vmi, added, claim);
  return denied ?? { verdict: "do", spec: withVolume(vmi.spec, added) };
}

export function mayRemoveFromMachine({ vm, vmi }: VolumeSituation, name: string): Changed {
  const { spec } = vm.spec.template;
  const denied = notRemovable(spec, name) ?? (vmi && notUnpluggable(vmi, name));
  return denied ?? { verdict: "do", spec: withoutVolume(spec, name) };
}

export function mayRemoveFromInstance(vmi: VirtualMachineInstance, name: string): Changed {
  const denied = notByItself(vmi) ?? notRemovable(vmi.spec, name) ?? notUnpluggable(vmi, name);
  return denied ?? { verdict: "do", spec: withoutVolume(vmi.spec, name) };
}

/** An instance of a machine is what the machine's template says. */
function notByItself({ metadata, status }: VirtualMachineInstance): Denied | undefined {
  const isOfVm = metadata?.ownerReferences?.some(({ controller, kind }) => controller && kind === "VirtualMachine");
  if (isOfVm) {
    const called = `VMI ${metadata?.namespace}/${metadata?.name}`;
    return badRequest(`${called} is owned by a VM: add or remove the volume by that VirtualMachine's subresource`);
  }
  return status?.phase === "Running" ? undefined : conflict("VMI is not running");
}

function taken({ volumes = [] }: Spec, { name, source: { claimName } }: AddedVolume): Denied | undefined {
  if (volumes.some((volume) => volume.name === name))
    return conflict(`Unable to add volume [${name}] because volume with that name already exists`);
  if (volumes.some((volume) => claimNameOf(volume) === claimName))
    return conflict(`Unable to add volume source [${claimName}] because it already exists`);
  if (volumes.some(({ memoryDump }) => memoryDump?.claimName === claimName))
    return conflict(`pvc [${claimName}] holds the machine's memory dump: let it go with removememorydump first`);
  return undefined;
}

/** One that is being unplugged has gone from the spec, and not yet from the guest. */
function takenIn({ spec, status }: VirtualMachineInstance, added: AddedVolume): Denied | undefined {
  const isLeaving = status?.volumeStatus?.some(
    ({ name, phase }) => name === added.name && phase === hotplugPhases.detaching,
  );
  if (isLeaving)
    return conflict(`Unable to add volume [${added.name}] because one of that name is still being unplugged: wait`);
  return taken(spec, added);
}

function notNow(
  vmi: VirtualMachineInstance,
  { name, disk, source }: AddedVolume,
  claim: PersistentVolumeClaim | undefined,
): Denied | undefined {
  if (isInTransit(vmi)) return migrating;
  const obstacle = plugObstacle({ ...onPluggableBus(disk), name }, vmi.spec);
  if (obstacle !== undefined)
    return conflict(`volume [${name}] cannot be plugged in while the machine runs: ${obstacle}`);
  if (claim?.spec?.volumeMode === "Block") {
    const why = "its volumeMode is Block; add it to the spec and restart";
    return conflict(`pvc [${source.claimName}] cannot be plugged in while the machine runs: ${why}`);
  }
  return undefined;
}

function notRemovable({ volumes = [] }: Spec, name: string): Denied | undefined {
  const volume = volumes.find((each) => each.name === name);
  if (volume === undefined) return conflict(`Unable to remove volume [${name}] because it does not exist`);
  return isHotpluggable(volume)
    ? undefined
    : conflict(`Unable to remove volume [${name}] because it is not hotpluggable`);
}

function notUnpluggable(vmi: VirtualMachineInstance, name: string): Denied | undefined {
  if (isInTransit(vmi)) return migrating;
  if (!vmi.spec.volumes?.some((volume) => volume.name === name)) return undefined;
  const disk = vmi.spec.domain.devices.disks?.find((each) => each.name === name);
  const obstacle = disk === undefined ? "it is a file system of the guest" : unplugObstacle(disk);
  if (obstacle === undefined) return undefined;
  return conflict(`volume [${name}] cannot be unplugged while the machine runs: ${obstacle}`);
}

/** At the end, so that each device keeps its place in the machine; disks that the spec only implies are written out for that. */
export function withVolume(given: Spec, { name, disk, source }: AddedVolume): Spec {
  const spec = structuredClone(given);
  defaultDisks(spec);
  const { devices } = spec.domain;
  const volume: Volume = { name, persistentVolumeClaim: { ...source, hotpluggable: true } };
  const disks = [...(devices.disks ?? []), ...(drivesOf(spec).has(name) ? [] : [{ ...onPluggableBus(disk), name }])];
  return {
    ...spec,
    domain: { ...spec.domain, devices: { ...devices, disks } },
    volumes: [...(spec.volumes ?? []), volume],
  };
}

/** And without its disk, but for a cdrom drive, which is empty then. */
export function withoutVolume(spec: Spec, name: string): Spec {
  const { volumes = [], ...rest } = spec;
  const { disks = [], ...devices } = spec.domain.devices;
  const others = <T extends { name: string }>(all: readonly T[]) => all.filter((each) => each.name !== name);
  const [left, shown] = [others(volumes), drivesOf(spec).has(name) ? disks : others(disks)];
  return {
    ...rest,
    domain: { ...spec.domain, devices: { ...devices, ...(shown.length > 0 && { disks: shown }) } },
    ...(left.length > 0 && { volumes: left }),
  };
}

/** What is asked for without a bus is to be plugged in: the machine's default for a disk, SATA, would not do. */
function onPluggableBus(disk: Omit<Disk, "name">): Omit<Disk, "name"> {
  if (disk.cdrom || disk.lun) return disk;
  return { ...disk, disk: { ...disk.disk, bus: disk.disk?.bus || "scsi" } };
}
