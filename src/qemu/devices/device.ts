/** Disks, NICs and file systems as vmpod wants them attached to a running QEMU. Paths are as QEMU sees them. */

export type Device = Disk | Nic | VacantNic | Filesystem;

export interface Disk {
  kind: "disk";
  /** The volume's name; identity of the device. */
  name: string;
  device: "disk" | "cdrom" | "lun";
  /** `sata` drives must be on the command line as well (`Domain.sataDrives`). */
  bus: "virtio" | "sata" | "scsi" | "usb";
  /** Absent: an empty cdrom drive. */
  image?: DiskImage;
  readOnly?: boolean;
  serial?: string;
  /** Lower boots first. */
  bootIndex?: number;
  cache?: "none" | "writethrough" | "writeback";
  io?: "threads" | "native" | "io_uring";
  blockSize?: BlockSize;
  /** The root port it sits in, e.g. `port2`; default: the next free one. Virtio only. */
  port?: string;
  /** Virtio as guests older than version 1 of it know it. */
  transitional?: boolean;
  shareable?: boolean;
  /** Of virtio disks and the controller of SCSI disks: the thread that serves it. Default: QEMU's main one. */
  ioThread?: number;
  /** Of the same. Default: as the machine type has it. */
  queues?: number;
  /** Its content is still to come, over the node of its file or, when the guest may write to it, its own. */
  receiving?: boolean;
  /** On I/O errors: stop the guest, tell it, say nothing, or stop it only when the host is out of space. Default: stop. */
  errorPolicy?: "stop" | "report" | "ignore" | "enospc";
}

/** In bytes. */
export interface BlockSize {
  logical: number;
  physical: number;
  discardGranularity?: number;
}

/** QEMU's words for KubeVirt's. */
export const errorPolicies: Readonly<Record<string, Disk["errorPolicy"]>> = {
  stop: "stop",
  report: "report",
  ignore: "ignore",
  enospace: "enospc",
};

export interface DiskImage {
  format: "qcow2" | "raw";
  path: string;
  /** `path` is a block device. */
  blockDevice?: boolean;
  /** `path` is a socket: who has the image serves it there by NBD. */
  served?: boolean;
  /** An overlay's backing image, when it is not to be found by the name in its header. */
  backing?: DiskImage;
}

/** A directory that another program shows to the guest, by virtio-fs. The guest's memory must be `shared`. */
export interface Filesystem {
  kind: "filesystem";
  /** Identity of the device, and the tag by which the guest mounts it: at most 36 bytes. */
  name: string;
  /** Where that program listens. */
  socket: string;
}

/** Of a NIC that is not there. Its port stays free for it, so that whatever comes later has the same one at every start. */
export interface VacantNic {
  kind: "vacant-nic";
  name: string;
  port?: string;
}

export interface Nic {
  kind: "nic";
  /** The interface's name; identity of the device. */
  name: string;
  model: "virtio" | "e1000" | "e1000e" | "rtl8139" | "ne2k_pci" | "pcnet";
  macAddress: string;
  /** The tap device in QEMU's network namespace, owned by its user. */
  tap: string;
  /** Instead of the tap: where QEMU listens for who carries the guest's packets. */
  socketPath?: string;
  bootIndex?: number;
  /** Pairs of queues; more than one needs a multi-queue tap. */
  queues?: number;
  mtu?: number;
  linkDown?: boolean;
  /** As of a disk. */
  port?: string;
  transitional?: boolean;
  /** By what the guest's firmware numbers it among those on the board. */
  acpiIndex?: number;
}
