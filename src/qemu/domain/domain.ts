/**
 * A virtual machine as QEMU is asked to build it: what cannot change while the process lives.
 * Disks' contents and NICs are not here: they are attached over QMP (see ../devices), before the first instruction runs.
 */
import type { Disk } from "../devices/device.ts";

export interface Domain {
  /** Shown in process lists and by the guest agent; any text. */
  name: string;
  uuid: string;
  accelerator: "kvm" | "tcg";
  machine: MachineType;
  /** The machine type in full, e.g. `pc-q35-7.2`, which a guest that moves in from another QEMU must find. Default: the newest of `machine`. */
  machineVersion?: string;
  /** Starts empty, and waits to be told where a guest moves in from (`migrate-incoming`). */
  incoming?: boolean;
  firmware: Firmware;
  /** Booted at once, without a disk's boot loader. Paths as QEMU sees them. */
  kernel?: { path: string; initrdPath?: string; arguments?: string };
  cpu: Cpu;
  memory: Memory;
  /** Free PCIe slots for disks and NICs, cold or hot. Ignored by `pc`, which has slots of its own. */
  pcieRootPorts: number;
  /** Threads that disks can be served by beside QEMU's main one (`ioThreadId`). */
  ioThreads?: number;
  /** SATA cannot be hot-plugged, so its drives exist from the start, empty; QMP fills them. At most 6. */
  sataDrives?: SataDrive[];
  serialConsole?: boolean;
  graphics?: boolean;
  /** The device of that screen. Default: what the board has (./board.ts). */
  video?: VideoType;
  /** Files of whole ACPI tables, by their signatures. */
  acpiTables?: Partial<Record<"SLIC" | "MSDM", string>>;
  rng?: boolean;
  balloon?: boolean;
  /** False: the guest does not tell by its balloon which pages it has no use for. */
  freePageReporting?: boolean;
  /** False: devices have no room above 4 GiB. Of a PC only. */
  pciHole64?: boolean;
  usb?: boolean;
  /** Slots for USB devices of whoever may reach the machine. */
  usbRedirection?: boolean;
  inputs?: Input[];
  /** QEMU ends when the guest reboots. */
  endsAtReboot?: boolean;
  panicDevices?: PanicDevice[];
  sound?: "ich9" | "ac97";
  /** A serial port at which the guest asks how its node is. */
  metricsPort?: boolean;
  /** Persistent: what it knows outlives the pod. */
  tpm?: { persistent: boolean };
  watchdog?: { action: "poweroff" | "reset" | "shutdown" | "none" };
  /** SMBIOS type 1 (system) fields, e.g. manufacturer, product, version, serial, sku, family. */
  smbios?: Record<string, string>;
  /** SMBIOS type 3 (chassis) fields: manufacturer, version, serial, asset, sku. */
  chassis?: Record<string, string>;
  /** Default: the host's time, lost ticks are lost, and the timers that QEMU's machine has. */
  clock?: Clock;
  /** What Ignition sets the guest up from, JSON; its first boot reads it from the firmware's configuration device. */
  ignition?: string;
  /** System Management Mode also where Secure Boot does not need it. */
  smm?: boolean;
  /** Where the sockets live, as QEMU sees it. Default `launcherPaths.run`. */
  runDirectory?: string;
  /** Where what outlives the pod lies, as QEMU sees it. Default `launcherPaths.state`. */
  stateDirectory?: string;
  /** Where the guest's serial output is also written. Default /dev/stdout: the container's log. False: nowhere. */
  serialLogPath?: string | false;
}

export interface Clock {
  hpet?: boolean;
  /** What it shows: a `TZ`. Default: UTC. */
  zone?: string;
  /** Whether it goes by the host's clock or by the guest's processors. */
  track?: "guest" | "wall";
  /** What becomes of ticks that came too late. */
  ticks?: "catchup" | "delay";
}

export type VideoType = "vga" | "virtio" | "bochs" | "cirrus" | "ramfb";

/** `virt` is arm64's, the others are amd64's (./board.ts). */
export type MachineType = "q35" | "pc" | "virt";

export type Firmware = { type: "bios" } | Efi;

export interface Efi {
  type: "efi";
  secureBoot: boolean;
  /** Its variables outlive the pod. */
  persistent?: boolean;
}

export interface Cpu {
  /** A QEMU model, or `host-model`, `host-passthrough`, which mean the best the accelerator has. */
  model?: string;
  features?: CpuFeature[];
  /** The guest is not told that it runs on KVM. */
  kvmHidden?: boolean;
  /** Hyper-V's enlightenments by QEMU's names. Only with KVM. */
  hyperv?: Record<string, boolean | number | string>;
  /** Whether it has KVM's clock. Default: yes. Only with KVM. */
  kvmClock?: boolean;
  /** Whether it may give its time away while it waits for a lock. Default: as the model has it. Only with KVM. */
  pvSpinlock?: boolean;
  sockets: number;
  cores: number;
  threads: number;
  /** Room to hot-plug into. Default: `sockets`. */
  maxSockets?: number;
}

export interface CpuFeature {
  name: string;
  policy: "force" | "require" | "optional" | "disable" | "forbid";
}

export interface Memory {
  bytes: number;
  /** It lies in pages of that size, all taken at the start. */
  hugePageBytes?: number;
  /** Room to hot-plug into; absent when the memory is fixed. */
  maxBytes?: number;
  /** Programs that serve it devices see it too. */
  shared?: boolean;
  /** All of it is taken by QEMU at the start, or when it is plugged in, so that none of it is first written to by such a program. */
  preallocated?: boolean;
}

export interface SataDrive {
  /** The volume's name: ties it to the disk that QMP attaches. */
  name: string;
  device: "disk" | "cdrom";
  serial?: string;
  bootIndex?: number;
  /** As of a disk that is plugged (../devices/device.ts). */
  cache?: Disk["cache"];
  errorPolicy?: Disk["errorPolicy"];
  blockSize?: Disk["blockSize"];
}

/** By what the guest says that its kernel panicked: a port, a PCI device, or registers of Hyper-V. */
export type PanicDevice = "isa" | "pvpanic" | "hyperv";

export interface Input {
  name: string;
  type: "tablet" | "keyboard";
  bus: "usb" | "virtio";
}
