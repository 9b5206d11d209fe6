import type { Command } from "commander";
import { persistentVolumeClaims } from "../../../api/core.ts";
import { pluggableBuses } from "../../../api/kubevirt/pluggable-disk.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";
import { type Connection, withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { dryRunOption } from "../subresource.ts";
import { persistOption, requestVolume } from "../volume-request.ts";

interface AddOptions {
  volumeName: string;
  diskName?: string;
  diskType: string;
  bus: string;
  cache?: string;
  serial?: string;
  dryRun?: boolean;
}

const longestName = 63;
const caches = ["none", "writethrough", "writeback"];

export function define(command: Command): void {
  command
    .description("Adds a claim to a machine as a disk, also while it runs.")
    .argument("<vmi>", "name of the VirtualMachine, or of an instance that is none's")
    .requiredOption("--volume-name <name>", "PersistentVolumeClaim to add")
    .option("--disk-name <name>", "of the volume and its disk in the machine's spec (default: that of the claim)")
    .option("--disk-type <type>", "disk is the only one", "disk")
    .option("--bus <bus>", `of the disk: ${pluggableBuses.join(" or ")}`, "scsi")
    .option("--cache <mode>", `of the disk: ${caches.join(", ")}`)
    .option("--serial <serial>", "by which the guest knows the disk (default: the disk's name)")
    .option(...persistOption)
    .option("--dry-run", "only check whether it would be accepted")
    .action((name: string, options: AddOptions) => add(command, name, options));
  examples(
    command,
    ["Give a running machine another disk", "vmpod addvolume legacy --volume-name=data"],
    [
      "On virtio, under a name of its own, not cached",
      "vmpod addvolume legacy --volume-name=data-2026 --disk-name=data --bus=virtio --cache=none",
    ],
    ["See how far it is", "kubectl get vmi legacy -o jsonpath={.status.volumeStatus}"],
  );
}

async function add(command: Command, vm: string, options: AddOptions): Promise<void> {
  const body = addVolumeOptions(options);
  await withConnection(command, async (connection) => {
    await claimExists(connection, options.volumeName);
    await failing("error adding volume,", requestVolume(connection, vm, "addvolume", body));
    console.log(`Successfully submitted add volume request to VM ${vm} for volume ${options.volumeName}`);
  });
}

/** @throws Error when an option says what cannot be */
function addVolumeOptions({ volumeName, diskName, diskType, bus, cache, serial, dryRun }: AddOptions): object {
  const name = diskName || volumeName;
  refuseLongName(name, diskName);
  if (diskType === "lun") throw new Error("--disk-type=lun: SCSI passthrough is not available yet: use disk");
  if (diskType !== "disk") throw new Error(`Invalid disk type '${diskType}'. Only disk is supported.`);
  if (!pluggableBuses.some((each) => each === bus))
    throw new Error(`Invalid bus type '${bus}' for disk. Only 'scsi' and 'virtio' are supported.`);
  if (cache !== undefined && !caches.includes(cache))
    throw new Error(`error adding volume, invalid cache value ${cache}: it is one of ${caches.join(", ")}`);
  return {
    name,
    disk: { name, disk: { bus }, serial: serial || name, ...(cache !== undefined && { cache }) },
    volumeSource: { persistentVolumeClaim: { claimName: volumeName, hotpluggable: true } },
    ...dryRunOption(dryRun),
  };
}

function refuseLongName(name: string, diskName: string | undefined): void {
  if (name.length <= longestName) return;
  const rule = `must not exceed ${longestName} characters`;
  if (diskName) throw new Error(`Invalid disk name ${diskName}, ${rule}`);
  throw new Error(`Invalid volume name ${name}, ${rule}: give a shorter name for the disk by --disk-name`);
}

/** The server would let the disk wait for it; who types a name means one that is there. */
async function claimExists({ client, namespace }: Connection, name: string): Promise<void> {
  const asked = unlessNotFound(client.get(persistentVolumeClaims, { namespace, name }));
  if ((await failing("error adding volume,", asked)) !== undefined) return;
  throw new Error(
    `error adding volume, Volume ${name} is not a PersistentVolumeClaim: create it in namespace ${namespace}`,
  );
}
