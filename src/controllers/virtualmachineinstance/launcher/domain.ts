/** Reads a VirtualMachineInstance as the machine that QEMU builds: what cannot change while it runs. Pure. */
import { bootOrderOf } from "../../../../api/kubevirt/boot-order.ts";
import { annotations } from "../../../../api/kubevirt/names.ts";
import { hasFilesystems } from "../../../../api/kubevirt/filesystems.ts";
import { ioThreadsOf } from "../../../../api/kubevirt/io-threads.ts";
import { highestBusOf } from "../../../../api/kubevirt/pci-address.ts";
import { videoTypes } from "../../../../api/kubevirt/validate/devices.ts";
import { hasTpm, keepsEfiVariables, keepsTpm } from "../../../../api/kubevirt/persistent-state.ts";
import { timeZoneOf } from "../../../../api/kubevirt/time-zone.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { TerminalError } from "../../../base/errors.ts";
import { quantityToNumber } from "../../../base/quantity.ts";
import { errorPolicies } from "../../../qemu/devices/device.ts";
import { kernelFile } from "./container-images.ts";
import { rootPortsFor } from "../../../qemu/domain/arguments.ts";
import type { CpuFeature, Domain, Firmware, Input, SataDrive, VideoType } from "../../../qemu/domain/domain.ts";
import { launcherPaths } from "../../../qemu/domain/paths.ts";
import { hypervFlags } from "./hyperv.ts";

export type Accelerator = Domain["accelerator"];

export function domainOf(vmi: VirtualMachineInstance, accelerator: Accelerator): Domain {
  const { spec } = vmi;
  const { devices, features, firmware, memory } = spec.domain;
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
    ...machineOf(spec),
    firmware: firmwareOf(spec),
    ...kernelOf(spec),
    cpu: cpuOf(spec),
    memory: {
      bytes: quantityToNumber(memory.guest),
      ...(memory.hugepages?.pageSize && { hugePageBytes: quantityToNumber(memory.hugepages.pageSize) }),
      ...(memory.maxGuest && { maxBytes: quantityToNumber(memory.maxGuest) }),
      ...(hasFilesystems(spec) && { shared: true }),
    },
    pcieRootPorts: Math.max(rootPortsFor(pluggedDevices(spec)), highestBusOf(spec)),
    ioThreads: ioThreadsOf(spec).count,
    sataDrives: sataDrivesOf(spec),
    serialConsole: devices.autoattachSerialConsole !== false,
    ...(devices.logSerialConsole === false && { serialLogPath: false as const }),
    ...(devices.video?.type && { video: videoOf(devices.video.type) }),
    ...acpiTablesOf(spec),
    graphics: devices.autoattachGraphicsDevice !== false,
    rng: devices.rng !== undefined,
    balloon: devices.autoattachMemBalloon !== false,
    ...(isOn(vmi, annotations.freePageReportingDisabled) && { freePageReporting: false }),
    ...(isOn(vmi, annotations.disablePciHole64) && { pciHole64: false }),
    usb: (devices.disks ?? []).some((disk) => (disk.disk ?? disk.cdrom)?.bus === "usb"),
    ...(devices.downwardMetrics && { metricsPort: true }),
    ...(devices.clientPassthrough && { usbRedirection: true }),
    inputs: inputsOf(spec),
    ...panicDevicesOf(spec),
    ...(devices.sound && { sound: devices.sound.model === "ac97" ? ("ac97" as const) : ("ich9" as const) }),
    ...(hasTpm(spec) && { tpm: { persistent: keepsTpm(spec) } }),
    ...(devices.watchdog && { watchdog: { action: watchdogAction(devices.watchdog.i6300esb?.action) } }),
    ...(spec.domain.rebootPolicy === "Terminate" && { endsAtReboot: true }),
    smbios: smbiosOf(spec),
    ...chassisOf(spec),
    ...ignitionOf(vmi),
    clock: clockOf(spec),
    ...(features?.smm && { smm: features.smm.enabled !== false }),
  };
}

function isOn({ metadata }: VirtualMachineInstance, annotation: string): boolean {
  return metadata?.annotations?.[annotation] === "true";
}

function videoOf(type: string): VideoType {
  return videoTypes.find((known) => known === type) ?? "vga";
}

/** Named by the volumes whose Secrets hold them. */
function acpiTablesOf({ domain, volumes = [] }: VirtualMachineInstanceSpec): Pick<Domain, "acpiTables"> {
  const fileOf = (volumeName: string | undefined, key: string) => {
    const secret = volumes.find(({ name }) => name === volumeName)?.secret?.secretName;
    return volumeName && secret ? `${launcherPaths.secrets}/${secret}/${key}` : undefined;
  };
  const { slicNameRef, msdmNameRef } = domain.firmware?.acpi ?? {};
  const [slic, msdm] = [fileOf(slicNameRef, "slic.bin"), fileOf(msdmNameRef, "msdm.bin")];
  return slic || msdm ? { acpiTables: { ...(slic && { SLIC: slic }), ...(msdm && { MSDM: msdm }) } } : {};
}

/** A machine type in full is one of its version; a newer QEMU still has it. */
function machineOf(spec: VirtualMachineInstanceSpec): Pick<Domain, "machine" | "machineVersion"> {
  const type = spec.domain.machine?.type ?? "";
  if (spec.architecture === "arm64")
    return { machine: "virt", ...(type.startsWith("virt-") && { machineVersion: type }) };
  return { machine: type === "pc" ? "pc" : "q35", ...(type.startsWith("pc-q35-") && { machineVersion: type }) };
}

function firmwareOf(spec: VirtualMachineInstanceSpec): Firmware {
  const efi = spec.domain.firmware?.bootloader?.efi;
  if (efi === undefined) return { type: "bios" };
  return { type: "efi", secureBoot: efi.secureBoot !== false, ...(keepsEfiVariables(spec) && { persistent: true }) };
}

function kernelOf({ domain }: VirtualMachineInstanceSpec): Pick<Domain, "kernel"> {
  const { container, kernelArgs } = domain.firmware?.kernelBoot ?? {};
  if (!container?.kernelPath) return {};
  const kernel = {
    path: kernelFile(container.kernelPath),
    ...(container.initrdPath && { initrdPath: kernelFile(container.initrdPath) }),
    ...(kernelArgs && { arguments: kernelArgs }),
  };
  return { kernel };
}

function cpuOf(spec: VirtualMachineInstanceSpec): Domain["cpu"] {
  const { kvm, pvspinlock } = spec.domain.features ?? {};
  const hyperv = hypervFlags(spec);
  const { timer } = spec.domain.clock ?? {};
  const { model, sockets = 1, cores = 1, threads = 1, maxSockets, features = [] } = spec.domain.cpu ?? {};
  return {
    model,
    sockets,
    cores,
    threads,
    ...(maxSockets && { maxSockets }),
    ...(Object.keys(hyperv).length > 0 && { hyperv }),
    ...(timer?.kvm?.present === false && { kvmClock: false }),
    ...(kvm?.hidden && { kvmHidden: true }),
    ...(pvspinlock && { pvSpinlock: pvspinlock.enabled !== false }),
    features: features.map(({ name, policy }): CpuFeature => ({ name, policy: cpuPolicy(policy) })),
  };
}

const cpuPolicies = ["force", "require", "optional", "disable", "forbid"] as const;

/** No policy means `require`. */
function cpuPolicy(policy: string | undefined): CpuFeature["policy"] {
  return cpuPolicies.find((known) => known === policy) ?? "require";
}

/** Each virtio disk, NIC and file system sits in a root port of its own; all SCSI disks share one controller. */
function pluggedDevices(spec: VirtualMachineInstanceSpec): number {
  const { disks = [], interfaces = [], filesystems = [] } = spec.domain.devices;
  const buses = disks.map((disk) => (disk.disk ?? disk.cdrom ?? disk.lun)?.bus);
  const scsiControllers = buses.includes("scsi") ? 1 : 0;
  return buses.filter((bus) => bus === "virtio").length + scsiControllers + interfaces.length + filesystems.length;
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
      ...(disk.disk && writingOf(disk)),
    }));
}

type DiskSpec = NonNullable<VirtualMachineInstanceSpec["domain"]["devices"]["disks"]>[number];

function writingOf({
  cache,
  errorPolicy,
  blockSize,
}: DiskSpec): Pick<SataDrive, "cache" | "errorPolicy" | "blockSize"> {
  const { logical = 0, physical = 0, discardGranularity } = blockSize?.custom ?? {};
  return {
    ...(logical > 0 && {
      blockSize: { logical, physical, ...(discardGranularity !== undefined && { discardGranularity }) },
    }),
    ...(cache === "writethrough" && { cache }),
    ...(errorPolicy && { errorPolicy: errorPolicies[errorPolicy] }),
  };
}

function inputsOf({ domain: { devices }, architecture }: VirtualMachineInstanceSpec): Input[] {
  const inputs = (devices.inputs ?? []).map(
    ({ name, type, bus }): Input => ({
      name,
      type: type === "keyboard" ? "keyboard" : "tablet",
      bus: bus === "virtio" ? "virtio" : "usb",
    }),
  );
  const hasKeyboard = architecture !== "arm64" || inputs.some(({ type }) => type === "keyboard");
  return hasKeyboard || devices.autoattachGraphicsDevice === false ? inputs : [...inputs, keyboard];
}

/** A PC has one; where there is none, a screen would be of little use. */
const keyboard: Input = { name: "vmpod-keyboard", type: "keyboard", bus: "usb" };

/** As libvirt has it on amd64, the one on the ISA bus comes without a choice. */
function panicDevicesOf(spec: VirtualMachineInstanceSpec): Pick<Domain, "panicDevices"> {
  const { panicDevices = [] } = spec.domain.devices;
  const fallback = spec.architecture === "arm64" ? "pvpanic" : "isa";
  const models = panicDevices.map(({ model }) => panicModels.find((known) => known === model) ?? fallback);
  return models.length === 0 ? {} : { panicDevices: [...new Set(models)] };
}

const panicModels = ["isa", "pvpanic", "hyperv"] as const;

function watchdogAction(action: string | undefined): "poweroff" | "reset" | "shutdown" {
  return action === "poweroff" || action === "shutdown" ? action : "reset";
}

/** The words that guests' inventory tools know a KubeVirt machine by. */
function smbiosOf(spec: VirtualMachineInstanceSpec): Record<string, string> {
  const { firmware } = spec.domain;
  return {
    manufacturer: "KubeVirt",
    product: "None",
    family: "KubeVirt",
    ...(firmware?.serial && { serial: firmware.serial }),
  };
}

function chassisOf(spec: VirtualMachineInstanceSpec): Pick<Domain, "chassis"> {
  const { manufacturer, version, serial, asset, sku } = spec.domain.chassis ?? {};
  const given = Object.entries({ manufacturer, version, serial, asset, sku }).flatMap(([name, value]) =>
    value ? [[name, value] as const] : [],
  );
  return given.length === 0 ? {} : { chassis: Object.fromEntries(given) };
}

function ignitionOf({ metadata }: VirtualMachineInstance): Pick<Domain, "ignition"> {
  const ignition = metadata?.annotations?.[annotations.ignitionData];
  return ignition ? { ignition } : {};
}

function clockOf(spec: VirtualMachineInstanceSpec): NonNullable<Domain["clock"]> {
  const { hpet, rtc } = spec.domain.clock?.timer ?? {};
  const zone = timeZoneOf(spec.domain.clock ?? {});
  return {
    ...(zone && { zone }),
    ...(hpet && { hpet: hpet.present !== false }),
    ...(rtc?.track && { track: rtc.track === "guest" ? ("guest" as const) : ("wall" as const) }),
    ...(rtc?.tickPolicy && { ticks: rtc.tickPolicy === "catchup" ? ("catchup" as const) : ("delay" as const) }),
  };
}
