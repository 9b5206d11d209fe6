/** Reads a VirtualMachineInstance as the machine that QEMU builds: what cannot change while it runs. Pure. */
import { bootOrderOf } from "../../../api/kubevirt/boot-order.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { TerminalError } from "../../base/errors.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { rootPortsFor } from "../../qemu/domain/arguments.ts";
import type { CpuFeature, Domain, Firmware, Input, SataDrive } from "../../qemu/domain/domain.ts";

export type Accelerator = Domain["accelerator"];

export function domainOf(vmi: VirtualMachineInstance, accelerator: Accelerator): Domain {
  const { spec } = vmi;
  const { devices, firmware, memory, clock } = spec.domain;
  if (!firmware?.uuid || memory?.guest === undefined) {
    throw new TerminalError(
      "InvalidSpec",
      `${vmi.metadata?.name}: spec lacks domain.firmware.uuid or domain.memory.guest`,
    );
  }
  return {
    name: `${vmi.metadata?.namespace}_${vmi.metadata?.name}`,
    uuid: firmware.uuid,
    accelerator,
    machine: spec.domain.machine?.type === "pc" ? "pc" : "q35",
    firmware: firmwareOf(spec),
    cpu: cpuOf(spec),
    memory: {
      bytes: quantityToNumber(memory.guest),
      ...(memory.maxGuest && { maxBytes: quantityToNumber(memory.maxGuest) }),
    },
    pcieRootPorts: rootPortsFor(pluggedDevices(spec)),
    sataDrives: sataDrivesOf(spec),
    serialConsole: devices.autoattachSerialConsole !== false,
    graphics: devices.autoattachGraphicsDevice !== false,
    rng: devices.rng !== undefined,
    balloon: devices.autoattachMemBalloon !== false,
    usb: (devices.disks ?? []).some((disk) => (disk.disk ?? disk.cdrom)?.bus === "usb"),
    inputs: inputsOf(spec),
    ...(devices.watchdog && { watchdog: { action: watchdogAction(devices.watchdog.i6300esb?.action) } }),
    smbios: smbiosOf(spec),
    clock: { base: clock?.timezone ? "localtime" : "utc" },
  };
}

function firmwareOf(spec: VirtualMachineInstanceSpec): Firmware {
  const efi = spec.domain.firmware?.bootloader?.efi;
  return efi ? { type: "efi", secureBoot: efi.secureBoot !== false } : { type: "bios" };
}

function cpuOf(spec: VirtualMachineInstanceSpec): Domain["cpu"] {
  const { model, sockets = 1, cores = 1, threads = 1, maxSockets, features = [] } = spec.domain.cpu ?? {};
  return {
    model,
    sockets,
    cores,
    threads,
    ...(maxSockets && { maxSockets }),
    features: features.map(({ name, policy }): CpuFeature => ({ name, policy: cpuPolicy(policy) })),
  };
}

const cpuPolicies = ["force", "require", "optional", "disable", "forbid"] as const;

/** No policy means `require`. */
function cpuPolicy(policy: string | undefined): CpuFeature["policy"] {
  return cpuPolicies.find((known) => known === policy) ?? "require";
}

/** Each virtio disk and NIC sits in a root port of its own; all SCSI disks share one controller. */
function pluggedDevices(spec: VirtualMachineInstanceSpec): number {
  const { disks = [], interfaces = [] } = spec.domain.devices;
  const buses = disks.map((disk) => (disk.disk ?? disk.cdrom ?? disk.lun)?.bus);
  const scsiControllers = buses.includes("scsi") ? 1 : 0;
  return buses.filter((bus) => bus === "virtio").length + scsiControllers + interfaces.length;
}

function sataDrivesOf(spec: VirtualMachineInstanceSpec): SataDrive[] {
  const order = bootOrderOf(spec).disks;
  return (spec.domain.devices.disks ?? [])
    .filter((disk) => (disk.disk ?? disk.cdrom)?.bus === "sata")
    .map((disk) => ({
      name: disk.name,
      device: disk.cdrom ? "cdrom" : "disk",
      serial: disk.serial || undefined,
      bootIndex: order.get(disk.name),
    }));
}

function inputsOf(spec: VirtualMachineInstanceSpec): Input[] {
  return (spec.domain.devices.inputs ?? []).map(({ name, type, bus }) => ({
    name,
    type: type === "keyboard" ? "keyboard" : "tablet",
    bus: bus === "virtio" ? "virtio" : "usb",
  }));
}

function watchdogAction(action: string | undefined): "poweroff" | "reset" | "shutdown" {
  return action === "poweroff" || action === "shutdown" ? action : "reset";
}

/** The words that guests' inventory tools know a KubeVirt machine by. */
function smbiosOf(spec: VirtualMachineInstanceSpec): Record<string, string> {
  const { chassis, firmware } = spec.domain;
  return {
    manufacturer: chassis?.manufacturer || "KubeVirt",
    product: "None",
    family: "KubeVirt",
    ...(chassis?.version && { version: chassis.version }),
    ...(chassis?.sku && { sku: chassis.sku }),
    ...(firmware?.serial && { serial: firmware.serial }),
  };
}
