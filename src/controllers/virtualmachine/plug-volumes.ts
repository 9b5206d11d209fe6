/**
 * Claims that a running machine's template has got since, or has lost: hotpluggable volumes, each with a disk of its name, or as the medium
 * of a cdrom drive that stays. What else differs in a volume waits for the restart. Pure.
 */
import { hotpluggableVolumes } from "../../../api/kubevirt/hotplug-volume.ts";
import { drivesOf, plugObstacle, unplugObstacle } from "../../../api/kubevirt/pluggable-disk.ts";
import type { Disk, VirtualMachineInstanceSpec, Volume } from "../../../api/kubevirt/types.ts";

type Spec = VirtualMachineInstanceSpec;

/** The instance's spec with the new ones, at the end, so that each keeps its place in the machine, and without those that are gone. */
export function withPluggedVolumes(instance: Spec, wanted: Spec): Spec {
  const free = (moves: Move[]) => moves.flatMap(({ name, obstacle }) => (obstacle === undefined ? [name] : []));
  const [added, gone] = [free(coming(instance, wanted)), free(going(instance, wanted))];
  const exchanged = exchangedMedia(instance, wanted);
  if (added.length + gone.length + exchanged.size === 0) return instance;
  const drives = drivesOf(instance);
  const moved = <T extends { name: string }>(
    now: readonly T[] = [],
    then: readonly T[] = [],
    stay = new Set<string>(),
  ) => [
    ...now.filter(({ name }) => !gone.includes(name) || stay.has(name)),
    ...then.filter(({ name }) => added.includes(name) && !stay.has(name)),
  ];
  const { devices } = instance.domain;
  const disks = moved(devices.disks, wanted.domain.devices.disks, drives);
  const volumes = moved(instance.volumes, wanted.volumes).map((volume) => exchanged.get(volume.name) ?? volume);
  return {
    ...instance,
    domain: { ...instance.domain, devices: { ...devices, disks: asEmpty(disks, wanted.domain.devices.disks) } },
    volumes: asEmpty(volumes, wanted.volumes),
  };
}

/** Another claim in the same drive, by name. */
function exchangedMedia(instance: Spec, wanted: Spec): Map<string, Volume> {
  const before = new Map(
    hotpluggableVolumes(instance).map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim]),
  );
  const [drives, wantedDrives] = [drivesOf(instance), drivesOf(wanted)];
  const isExchanged = ({ name, persistentVolumeClaim }: Volume): boolean =>
    drives.has(name) &&
    wantedDrives.has(name) &&
    before.has(name) &&
    before.get(name)?.claimName !== persistentVolumeClaim?.claimName;
  return new Map(
    hotpluggableVolumes(wanted)
      .filter(isExchanged)
      .map((volume) => [volume.name, volume]),
  );
}

/** Without a list or with an empty one, as it is wanted: both say the same. */
function asEmpty<T>(items: T[], wanted: T[] | undefined): T[] | undefined {
  return items.length === 0 && (wanted ?? []).length === 0 ? wanted : items;
}

/**
 * Why a hotpluggable volume that has come or gone waits for the restart, where that is what differs.
 *
 * @param path as `differences` tells it
 */
export function whyNotPlugged(path: string, instance: Spec, wanted: Spec): string | undefined {
  const [, disk] = /^domain\.devices\.disks\[([^\]]+)\]$/.exec(path) ?? [];
  return [...coming(instance, wanted), ...going(instance, wanted)].find(({ name }) => name === disk)?.obstacle;
}

interface Move {
  name: string;
  obstacle: string | undefined;
}

function coming(instance: Spec, wanted: Spec): Move[] {
  return hotpluggedOnlyIn(wanted, instance).map((name) => {
    const disk = diskOf(wanted, name);
    return { name, obstacle: disk ? plugObstacle(disk, instance) : isFilesystem };
  });
}

function going(instance: Spec, wanted: Spec): Move[] {
  return hotpluggedOnlyIn(instance, wanted).map((name) => {
    const disk = diskOf(instance, name);
    return { name, obstacle: disk ? unplugObstacle(disk) : isFilesystem };
  });
}

const isFilesystem = "a file system is there as long as the machine runs";

function hotpluggedOnlyIn(spec: Spec, { volumes = [] }: Spec): string[] {
  const others = new Set(volumes.map(({ name }) => name));
  return hotpluggableVolumes(spec).flatMap(({ name }) => (others.has(name) ? [] : [name]));
}

function diskOf({ domain }: Spec, name: string): Disk | undefined {
  return domain.devices.disks?.find((disk) => disk.name === name);
}
