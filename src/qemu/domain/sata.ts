/**
 * QEMU's IDE buses take no new device once the machine is made (tried: "does not support hotplugging").
 * So a SATA drive is on the command line, empty, and QMP fills it:
 *
 *   cdrom   ide-cd without medium              <- blockdev-insert-medium
 *   disk    ide-hd -> raw `disk-X` -> null-co  <- blockdev-reopen puts the image where null-co was
 */
import { blockSizeOptions } from "../devices/block-size.ts";
import type { MachineType, SataDrive } from "./domain.ts";
import { driveId, driveNode, placeholderNode } from "./ids.ts";
import { type Argument, option } from "./options.ts";

export const maxSataDrives = 6;
const ports: Readonly<Record<MachineType, number>> = { q35: maxSataDrives, pc: 4, virt: 0 };
const placeholderBytes = 16 * 1024 ** 3;

/** @throws RangeError when the controller has fewer ports than that. */
export function sataArguments(machine: MachineType, drives: readonly SataDrive[]): Argument[] {
  const limit = ports[machine];
  if (drives.length > limit) {
    throw new RangeError(
      `${drives.length} SATA drives: machine type ${machine} has ${limit} ports; use bus virtio or scsi`,
    );
  }
  return drives.flatMap((drive, port) => driveArguments(drive, busOf(machine, port)));
}

/** q35: six AHCI ports of one drive each. pc: two IDE channels of two. */
function busOf(machine: MachineType, port: number): { bus: string; unit: number } {
  return machine === "q35" ? { bus: `ide.${port}`, unit: 0 } : { bus: `ide.${port >> 1}`, unit: port & 1 };
}

function driveArguments(drive: SataDrive, place: { bus: string; unit: number }): Argument[] {
  const common = { id: driveId(drive.name), ...place, serial: drive.serial, bootindex: drive.bootIndex };
  if (drive.device === "cdrom") return [["-device", option("ide-cd", common)]];
  const placeholder = {
    driver: "null-co",
    "node-name": placeholderNode(drive.name),
    size: placeholderBytes,
    "read-zeroes": true,
  };
  const node = {
    driver: "raw",
    "node-name": driveNode(drive.name),
    file: placeholderNode(drive.name),
    discard: "unmap",
  };
  return [
    ["-blockdev", JSON.stringify(placeholder)],
    ["-blockdev", JSON.stringify(node)],
    [
      "-device",
      option("ide-hd", { ...common, drive: driveNode(drive.name), ...writing(drive), ...blockSizeOptions(drive) }),
    ],
  ];
}

function writing({ cache, errorPolicy = "stop" }: SataDrive) {
  return {
    "write-cache": cache === "writethrough" ? "off" : undefined,
    werror: errorPolicy,
    rerror: errorPolicy === "enospc" ? "report" : errorPolicy,
  };
}
