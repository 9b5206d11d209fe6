/** How each kind of disk is attached. Steps that are observed to be done are left out. */
import { TerminalError } from "../../base/errors.ts";
import { driveId, driveNode, imageNode, ioThreadId, placeholderNode, scsiController } from "../domain/ids.ts";
import type { DeviceOptions } from "../qmp/commands.ts";
import type { DeviceAction } from "./action.ts";
import { blockNode } from "./block-node.ts";
import { blockSizeOptions } from "./block-size.ts";
import type { Disk, DiskImage } from "./device.ts";
import type { ObservedDevices } from "./observe.ts";
import type { PortPool } from "./port-pool.ts";
import { virtioDriver } from "./virtio-driver.ts";

export function attachDisk(disk: Disk, observed: ObservedDevices, ports: PortPool): DeviceAction[] {
  if (disk.bus !== "sata") return plugDisk(disk, observed, ports);
  return disk.device === "cdrom" ? insertMedium(disk, observed) : fillSataDisk(disk, observed);
}

/** virtio, scsi and usb disks: a node, then a device on it. */
function plugDisk(disk: Disk, observed: ObservedDevices, ports: PortPool): DeviceAction[] {
  if (observed.devices.has(driveId(disk.name))) return disk.device === "cdrom" ? insertMedium(disk, observed) : [];
  return [
    ...(disk.bus === "scsi" ? plugScsiController(disk, observed, ports) : []),
    ...addNode(driveNode(disk.name), disk, observed),
    { command: "device_add", args: diskDevice(disk, ports) },
  ];
}

function plugScsiController(disk: Disk, observed: ObservedDevices, ports: PortPool): DeviceAction[] {
  if (observed.devices.has(scsiController) || !ports.claim(scsiController)) return [];
  const args = {
    driver: virtioDriver("virtio-scsi-pci", disk),
    id: scsiController,
    ...ports.placeOf(scsiController),
    ...work(disk, "num_queues"),
  };
  return [{ command: "device_add", args }];
}

function addNode(nodeName: string, disk: Disk, observed: ObservedDevices): DeviceAction[] {
  if (disk.image === undefined || observed.blockNodes.has(nodeName)) return [];
  return [{ command: "blockdev-add", args: blockNode(nodeName, disk, disk.image) }];
}

function diskDevice(disk: Disk, ports: PortPool): DeviceOptions {
  const policy = disk.errorPolicy ?? "stop";
  return {
    id: driveId(disk.name),
    ...placed(disk, ports),
    ...(disk.image && { drive: driveNode(disk.name) }),
    ...(disk.serial !== undefined && { serial: disk.serial }),
    ...(disk.bootIndex !== undefined && { bootindex: disk.bootIndex }),
    ...(disk.shareable && { "share-rw": true }),
    ...(disk.cache === "writethrough" && { "write-cache": "off" }),
    ...blockSizeOptions(disk),
    ...(disk.device === "disk" && { werror: policy, rerror: policy === "enospc" ? "report" : policy }),
  };
}

function placed(disk: Disk, ports: PortPool): { driver: string } & Record<string, unknown> {
  if (disk.bus === "virtio" && disk.device === "disk") {
    return {
      driver: virtioDriver("virtio-blk-pci", disk),
      ...ports.placeOf(driveId(disk.name)),
      ...work(disk, "num-queues"),
    };
  }
  if (disk.bus === "scsi") return { driver: scsiDriver[disk.device], bus: `${scsiController}.0` };
  if (disk.bus === "usb" && disk.device === "disk") return { driver: "usb-storage", bus: "usb.0" };
  throw new TerminalError(
    "UnsupportedDisk",
    `disk ${disk.name}: QEMU has no ${disk.device} on bus ${disk.bus}; use scsi`,
  );
}

/** Who does it, and in how many queues the guest may leave it. */
function work({ ioThread, queues }: Disk, queuesProperty: string): Record<string, unknown> {
  return {
    ...(ioThread !== undefined && { iothread: ioThreadId(ioThread) }),
    ...(queues !== undefined && { [queuesProperty]: queues }),
  };
}

const scsiDriver = { disk: "scsi-hd", cdrom: "scsi-cd", lun: "scsi-block" } as const;

/** The drive is there since the start; a medium goes in, or comes out, or is exchanged for the one wanted. */
function insertMedium(disk: Disk, observed: ObservedDevices): DeviceAction[] {
  const id = driveId(disk.name);
  const node = driveNode(disk.name);
  const present = observed.media.get(id);
  if (present === (disk.image && node)) return [];
  if (!disk.image) return ejectMedium(disk.name);
  const insert: DeviceAction = { command: "blockdev-insert-medium", args: { id, "node-name": node } };
  return [...addNode(node, disk, observed), ...changeMedium(id, insert)];
}

/** What is behind it stays, until it is removed as well. */
export function ejectMedium(name: string): DeviceAction[] {
  const id = driveId(name);
  return changeMedium(id, { command: "blockdev-remove-medium", args: { id } });
}

function changeMedium(id: string, change: DeviceAction): DeviceAction[] {
  return [
    { command: "blockdev-open-tray", args: { id, force: true } },
    change,
    { command: "blockdev-close-tray", args: { id } },
  ];
}

/** A drive whose media come and go. */
export function isDrive(driver: string | undefined): boolean {
  return driver === "ide-cd" || driver === "scsi-cd";
}

/** See ../domain/sata.ts: the placeholder goes last, so while it is there the disk is not complete. */
function fillSataDisk(disk: Disk & { image?: DiskImage }, observed: ObservedDevices): DeviceAction[] {
  const placeholder = placeholderNode(disk.name);
  if (!observed.blockNodes.has(placeholder)) return [];
  const node = driveNode(disk.name);
  const image = imageNode(disk.name);
  const options = { driver: "raw", "node-name": node, file: image, discard: "unmap" };
  return [
    ...addNode(image, disk, observed),
    { command: "blockdev-reopen", args: { options: [options] } },
    { command: "match-size", args: { node, image } },
    { command: "blockdev-del", args: { "node-name": placeholder } },
  ];
}
