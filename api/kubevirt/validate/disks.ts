/** Rules about `domain.devices.disks`: each shows one volume to the guest in one way that QEMU can do. */
import { forbidden, invalid, oneOf, required, type StatusCause, setFields, unique } from "./causes.ts";
import { ioThreadsPolicies } from "../io-threads.ts";
import type { Disk, Domain, VirtualMachineInstanceSpec } from "../types.ts";

const maxIoThreads = 64;
const targets = ["disk", "cdrom", "lun"] as const;
const diskBuses = ["virtio", "sata", "scsi", "usb"] as const;
const cdromBuses = ["sata", "scsi", "usb"] as const;
const lunBuses = ["sata", "scsi"] as const;
const serialPattern = /^[A-Za-z0-9_.+-]+$/;
const maxSerialLength = 256;

type CustomBlockSize = NonNullable<NonNullable<Disk["blockSize"]>["custom"]>;

export function validateDisks(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const disks = spec.domain.devices.disks ?? [];
  const field = `${path}.domain.devices.disks`;
  const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name));
  return [
    ...disks.flatMap((disk, index) => validateDisk(disk, `${field}[${index}]`)),
    ...disks.flatMap((disk, index) => validateVolumeExists(disk, volumes, `${field}[${index}].name`)),
    ...unique(
      disks,
      (disk) => disk.name,
      (index) => `${field}[${index}].name`,
      "each disk shows a volume of its own",
    ),
    ...validateVolumesUsed(spec, path),
    ...validateSataPorts(disks, spec.domain.machine?.type, field),
    ...validateBootOrders(spec, path),
    ...validateIoThreads(spec.domain, `${path}.domain`),
  ];
}

/** A pool has a size, and what has a size is a pool. */
function validateIoThreads({ ioThreadsPolicy, ioThreads }: Domain, field: string): StatusCause[] {
  const count = ioThreads?.supplementalPoolThreadCount;
  const at = `${field}.ioThreads.supplementalPoolThreadCount`;
  const isPool = ioThreadsPolicy === "supplementalPool";
  return [
    ...oneOf(`${field}.ioThreadsPolicy`, ioThreadsPolicy, ioThreadsPolicies),
    ...(isPool && count === undefined ? [required(at, "how many threads the pool has")] : []),
    ...(!isPool && count !== undefined ? [invalid(at, count, "needs ioThreadsPolicy: supplementalPool")] : []),
    ...(count !== undefined && (count < 1 || count > maxIoThreads)
      ? [invalid(at, count, `must be from 1 to ${maxIoThreads}`)]
      : []),
  ];
}

function validateDisk(disk: Disk, field: string): StatusCause[] {
  return [
    ...(disk.name ? [] : [required(`${field}.name`, "the name of the volume that the disk shows")]),
    ...validateTarget(disk, field),
    ...validateBus(disk, field),
    ...validateReservation(disk, `${field}.lun.reservation`),
    ...validateSerial(disk, field),
    ...validateReadonly(disk, field),
    ...validatePciAddress(disk, field),
    ...oneOf(`${field}.cache`, disk.cache, ["none", "writethrough", "writeback"]),
    ...oneOf(`${field}.io`, disk.io, ["threads", "native"]),
    ...oneOf(`${field}.errorPolicy`, disk.errorPolicy, ["stop", "ignore", "report", "enospace"]),
    ...oneOf(`${field}.cdrom.tray`, disk.cdrom?.tray, ["open", "closed"]),
    ...(disk.cdrom && disk.errorPolicy
      ? [forbidden(`${field}.errorPolicy`, "a cdrom always tells the guest of its errors: leave it out")]
      : []),
    ...validateDedicatedIoThread(disk, field),
    ...validateBlockSize(disk, field),
  ];
}

function validateTarget(disk: Disk, field: string): StatusCause[] {
  const given = setFields(disk, targets);
  return given.length <= 1
    ? []
    : [invalid(field, given, `disk "${disk.name}" is one of disk, cdrom and lun: keep one`)];
}

function validateBus(disk: Disk, field: string): StatusCause[] {
  return [
    ...oneOf(`${field}.disk.bus`, disk.disk?.bus, diskBuses),
    ...oneOf(`${field}.cdrom.bus`, disk.cdrom?.bus, cdromBuses),
    ...oneOf(`${field}.lun.bus`, disk.lun?.bus, lunBuses),
  ];
}

function validateReservation({ lun }: Disk, field: string): StatusCause[] {
  return lun?.reservation && lun.bus !== "scsi" ? [invalid(field, true, "needs lun.bus scsi")] : [];
}

function validateSerial(disk: Disk, field: string): StatusCause[] {
  const serial = disk.serial;
  if (!serial) return [];
  if (serial.length > maxSerialLength)
    return [invalid(`${field}.serial`, serial, `is longer than ${maxSerialLength} characters`)];
  return serialPattern.test(serial)
    ? []
    : [invalid(`${field}.serial`, serial, "may hold only A-Z, a-z, 0-9 and _ . + -")];
}

function validateReadonly(disk: Disk, field: string): StatusCause[] {
  if (disk.disk?.bus !== "sata" || disk.disk.readonly !== true) return [];
  return [
    invalid(`${field}.disk.readonly`, true, "a sata hard disk cannot be read-only: use bus virtio or scsi, or a cdrom"),
  ];
}

function validatePciAddress(disk: Disk, field: string): StatusCause[] {
  const address = disk.disk?.pciAddress;
  if (!address) return [];
  return disk.disk?.bus === "virtio"
    ? []
    : [invalid(`${field}.disk.pciAddress`, address, "only a virtio disk has a PCI address")];
}

function validateDedicatedIoThread(disk: Disk, field: string): StatusCause[] {
  if (disk.dedicatedIOThread !== true || disk.disk?.bus === "virtio") return [];
  return [
    invalid(
      `${field}.dedicatedIOThread`,
      true,
      "only a virtio disk can have an I/O thread of its own: set disk.bus to virtio",
    ),
  ];
}

function validateBlockSize(disk: Disk, field: string): StatusCause[] {
  const custom = disk.blockSize?.custom;
  if (disk.blockSize && disk.cdrom) {
    return [forbidden(`${field}.blockSize`, "a cdrom has blocks of 2048 bytes: leave it out")];
  }
  if (disk.blockSize?.matchVolume && disk.disk?.bus === "sata") {
    return [
      forbidden(
        `${field}.blockSize.matchVolume`,
        "a sata disk is made before its volume is looked at: use bus virtio or scsi",
      ),
    ];
  }
  if (custom === undefined) return [];
  const at = `${field}.blockSize.custom`;
  const { logical = 0, physical = 0 } = custom;
  return [
    ...(disk.blockSize?.matchVolume
      ? [invalid(`${field}.blockSize`, ["custom", "matchVolume"], "keep one of custom and matchVolume")]
      : []),
    ...validateBlockLength(logical, `${at}.logical`),
    ...validateBlockLength(physical, `${at}.physical`),
    ...(logical > physical ? [invalid(`${at}.logical`, logical, `must not exceed physical (${physical})`)] : []),
    ...validateDiscardGranularity(custom, `${at}.discardGranularity`),
    ...(disk.disk?.bus === "sata" && logical !== 512
      ? [invalid(`${at}.logical`, logical, "a sata disk has logical blocks of 512 bytes")]
      : []),
  ];
}

function validateDiscardGranularity(
  { logical = 0, discardGranularity }: CustomBlockSize,
  field: string,
): StatusCause[] {
  if (discardGranularity === undefined || discardGranularity === 0) return [];
  const valid = discardGranularity > 0 && logical > 0 && discardGranularity % logical === 0;
  return valid ? [] : [invalid(field, discardGranularity, `must be a multiple of logical (${logical})`)];
}

function validateBlockLength(bytes: number, field: string): StatusCause[] {
  const valid = Number.isInteger(Math.log2(bytes)) && bytes >= 512 && bytes <= 2 * 1024 ** 2;
  return valid ? [] : [invalid(field, bytes, "must be a power of two from 512 to 2097152")];
}

function validateVolumeExists(disk: Disk, volumes: ReadonlySet<string>, field: string): StatusCause[] {
  // A cdrom without a volume is an empty drive.
  if (!disk.name || volumes.has(disk.name) || disk.cdrom) return [];
  const names = [...volumes].join(", ") || "none";
  return [
    invalid(field, disk.name, `no volume has this name: add it to volumes (there: ${names}), or remove the disk`),
  ];
}

function validateVolumesUsed(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { disks = [], filesystems = [] } = spec.domain.devices;
  const shown = new Set([...disks, ...filesystems].map((device) => device.name));
  return (spec.volumes ?? []).flatMap((volume, index) =>
    shown.has(volume.name) || volume.memoryDump
      ? []
      : [invalid(`${path}.volumes[${index}].name`, volume.name, "no disk or filesystem shows this volume")],
  );
}

/** Drives of q35's AHCI controller, and of pc's two IDE channels. */
function validateSataPorts(disks: readonly Disk[], machine: string | undefined, field: string): StatusCause[] {
  const count = disks.filter((disk) => (disk.disk ?? disk.cdrom)?.bus === "sata").length;
  const limit = machine === "pc" ? 4 : 6;
  if (count <= limit) return [];
  return [
    invalid(field, `${count} sata drives`, `machine type ${machine} takes at most ${limit}: use bus virtio or scsi`),
  ];
}

function validateBootOrders(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { disks = [], interfaces = [] } = spec.domain.devices;
  const devices = [
    ...disks.map((disk, index) => ({
      order: disk.bootOrder,
      field: `${path}.domain.devices.disks[${index}].bootOrder`,
    })),
    ...interfaces.map((nic, index) => ({
      order: nic.bootOrder,
      field: `${path}.domain.devices.interfaces[${index}].bootOrder`,
    })),
  ];
  return [
    ...devices.flatMap(({ order, field }) =>
      order !== undefined && order < 1 ? [invalid(field, order, "must be 1 or greater")] : [],
    ),
    ...unique(
      devices,
      (device) => device.order,
      (index) => devices[index]?.field ?? "",
      "each boot order may be used once among disks and interfaces",
    ),
  ];
}
