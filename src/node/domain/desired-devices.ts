/** The disks, NICs and file systems of a VMI in QEMU's terms. Pure. */
import { asBooted } from "../../../api/kubevirt/as-booted.ts";
import { bootOrderOf } from "../../../api/kubevirt/boot-order.ts";
import { virtualCpuCount } from "../../../api/kubevirt/defaults/resources.ts";
import { asMounted } from "../../../api/kubevirt/hotplug-volume.ts";
import { ioThreadsOf } from "../../../api/kubevirt/io-threads.ts";
import { stableMacAddress } from "../../../api/kubevirt/mac-address.ts";
import { usesPasst } from "../../../api/kubevirt/passt.ts";
import { pciBusOf } from "../../../api/kubevirt/pci-address.ts";
import type {
  Disk as DiskSpec,
  Filesystem as FilesystemSpec,
  Interface,
  VirtualMachineInstance,
  VirtualMachineInstanceSpec,
} from "../../../api/kubevirt/types.ts";
import { secondaryLinks } from "../../network/bridged-network.ts";
import { type PodLinks, podLinks } from "../../network/pod-network.ts";
import { normaliseMac } from "../../network/guest-mac.ts";
import {
  type Device,
  type Disk,
  errorPolicies,
  type Filesystem,
  type Nic,
  type VacantNic,
} from "../../qemu/devices/device.ts";
import { rootPortId } from "../../qemu/domain/ids.ts";
import { filesystemSocket, launcherPaths, socketNames } from "../../qemu/domain/paths.ts";
import type { DiskObservation } from "../disks/observe-disk.ts";
import type { Observation } from "./observation.ts";

export function desiredDevices(vmi: VirtualMachineInstance, disks: readonly DiskObservation[]): Device[] {
  const { spec } = asBooted(vmi);
  const order = bootOrderOf(spec);
  const found = new Map(disks.map((disk) => [disk.volume, disk]));
  const work = diskWork(spec);
  return [
    ...(spec.domain.devices.disks ?? []).map((disk) => ({
      ...diskOf(disk, found.get(disk.name), order.disks.get(disk.name)),
      ...work(disk),
    })),
    ...desiredNics(vmi),
    ...(spec.domain.devices.filesystems ?? []).map(filesystemOf),
  ].map((device) => (isTransitional(spec, device) ? { ...device, transitional: true } : device));
}

/** Those that it is started with: a claim that came after its launcher was made is plugged in when it runs. */
export function devicesAtStart({ vmi, pod, disks }: Pick<Observation, "vmi" | "pod" | "disks">): Device[] {
  return desiredDevices(asMounted(vmi, pod), disks);
}

/** With the places of those that are absent. */
export function desiredNics(vmi: VirtualMachineInstance): (Nic | VacantNic)[] {
  const booted = asBooted(vmi);
  const order = bootOrderOf(booted.spec).interfaces;
  return specifiedInterfaces(booted).map((nic) =>
    nic.state === "absent"
      ? { kind: "vacant-nic", name: nic.name, ...portOf(nic.pciAddress) }
      : nicOf(booted, nic, order.get(nic.name)),
  );
}

function isTransitional({ domain }: VirtualMachineInstanceSpec, { kind }: Device): boolean {
  return domain.devices.useVirtioTransitional === true && (kind === "disk" || kind === "nic");
}

/** After all others, whose places do not depend on whether it is there. */
function filesystemOf({ name }: FilesystemSpec): Filesystem {
  return { kind: "filesystem", name, socket: filesystemSocket(name) };
}

function diskOf(spec: DiskSpec, found: DiskObservation | undefined, bootIndex: number | undefined): Disk {
  const target = spec.disk ?? spec.cdrom ?? spec.lun;
  // A SATA hard disk cannot be read-only in QEMU; the medium behind it is the machine's own, and goes with it.
  const isMedium =
    (found?.source.type === "medium" || found?.source.type === "metrics") &&
    !(spec.disk && busOf(target?.bus) === "sata");
  const readOnlyClaim = found?.source.type === "claim" && found.source.readOnly;
  return {
    kind: "disk",
    name: spec.name,
    device: spec.cdrom ? "cdrom" : spec.lun ? "lun" : "disk",
    bus: busOf(target?.bus),
    ...(found?.image && { image: found.image }),
    readOnly: isMedium || readOnlyClaim || (spec.disk ?? spec.lun)?.readonly === true,
    ...(spec.serial && { serial: spec.serial }),
    ...(bootIndex !== undefined && { bootIndex }),
    ...(isCache(spec.cache) && { cache: spec.cache }),
    ...(isIo(spec.io) && { io: spec.io }),
    ...(spec.shareable && { shareable: true }),
    ...blockSizeOf(spec, found),
    ...portOf(spec.disk?.pciAddress),
    ...(spec.errorPolicy && { errorPolicy: errorPolicies[spec.errorPolicy] }),
  };
}

function portOf(pciAddress: string | undefined): { port?: string } {
  const bus = pciBusOf(pciAddress);
  return bus === undefined ? {} : { port: rootPortId(bus - 1) };
}

/** SATA drives are made before anybody looks at what will be in them (../../controllers/virtualmachineinstance/domain.ts). */
function blockSizeOf({ blockSize }: DiskSpec, found: DiskObservation | undefined): Pick<Disk, "blockSize"> {
  const { logical = 0, physical = 0, discardGranularity } = blockSize?.custom ?? {};
  if (logical > 0)
    return { blockSize: { logical, physical, ...(discardGranularity !== undefined && { discardGranularity }) } };
  return found?.blockSize ? { blockSize: found.blockSize } : {};
}

/** Who serves a disk, and by how many queues. */
function diskWork(spec: VirtualMachineInstanceSpec): (disk: DiskSpec) => Pick<Disk, "ioThread" | "queues"> {
  const threads = ioThreadsOf(spec).ofDisk;
  const queues = spec.domain.devices.blockMultiQueue ? virtualCpuCount(spec.domain.cpu) : undefined;
  return ({ name, disk }) => {
    const ioThread = threads.get(name);
    return {
      ...(ioThread !== undefined && { ioThread }),
      ...(queues !== undefined && (disk?.bus === "virtio" || disk?.bus === "scsi") && { queues }),
    };
  };
}

const isCache = (value: string | undefined): value is NonNullable<Disk["cache"]> =>
  value === "none" || value === "writethrough" || value === "writeback";
const isIo = (value: string | undefined): value is "threads" | "native" => value === "threads" || value === "native";

function busOf(bus: string | undefined): Disk["bus"] {
  return bus === "virtio" || bus === "scsi" || bus === "usb" ? bus : "sata";
}

/** Interfaces that the guest is to have, each on a network that its pod has. */
export function guestInterfaces(vmi: VirtualMachineInstance): Interface[] {
  return specifiedInterfaces(vmi).filter(({ state }) => state !== "absent");
}

/** The same, and those that are absent. */
export function specifiedInterfaces(vmi: VirtualMachineInstance): Interface[] {
  const networks = new Map((vmi.spec.networks ?? []).map((network) => [network.name, network]));
  return (vmi.spec.domain.devices.interfaces ?? []).filter(({ name }) => {
    const network = networks.get(name);
    return (network?.pod ?? network?.multus) !== undefined;
  });
}

/** The one on the pod's own network; there is at most one. */
export function podInterface(vmi: VirtualMachineInstance): Interface | undefined {
  return guestInterfaces(vmi).find((nic) => isOnPodNetwork(vmi, nic));
}

export function isOnPodNetwork(vmi: VirtualMachineInstance, { name }: Interface): boolean {
  return vmi.spec.networks?.some((network) => network.name === name && network.pod !== undefined) === true;
}

/** The links in the pod that connect an interface. */
export function linksOf(vmi: VirtualMachineInstance, nic: Interface): PodLinks {
  return isOnPodNetwork(vmi, nic) ? podLinks : secondaryLinks(nic.name);
}

export function macOf(vmi: VirtualMachineInstance, nic: Interface): string {
  const identity = vmi.spec.domain.firmware?.uuid ?? vmi.metadata?.uid ?? "";
  return nic.macAddress ? normaliseMac(nic.macAddress) : stableMacAddress(identity, nic.name);
}

function nicOf(vmi: VirtualMachineInstance, nic: Interface, bootIndex: number | undefined): Nic {
  return {
    kind: "nic",
    name: nic.name,
    model: modelOf(nic.model),
    macAddress: macOf(vmi, nic),
    tap: linksOf(vmi, nic).tap,
    ...(usesPasst(nic) && { socketPath: `${launcherPaths.run}/${socketNames.passt}` }),
    ...(hasQueues(vmi.spec, nic) && { queues: queuesOf(vmi.spec) }),
    ...(bootIndex !== undefined && { bootIndex }),
    ...portOf(nic.pciAddress),
    ...(nic.acpiIndex && { acpiIndex: nic.acpiIndex }),
    ...(nic.state === "down" && { linkDown: true }),
  };
}

/** @param spec as its guest was booted. A queue for each virtual CPU; only virtio has more than one, and not by passt. */
export function hasQueues(spec: VirtualMachineInstanceSpec, nic: Interface): boolean {
  return (
    spec.domain.devices.networkInterfaceMultiqueue === true &&
    modelOf(nic.model) === "virtio" &&
    !usesPasst(nic) &&
    queuesOf(spec) > 1
  );
}

export function queueCountOf(spec: VirtualMachineInstanceSpec, nic: Interface): number {
  return hasQueues(spec, nic) ? queuesOf(spec) : 1;
}

/** As many as a tap takes. */
const maxQueues = 256;

function queuesOf({ domain }: VirtualMachineInstanceSpec): number {
  return Math.min(virtualCpuCount(domain.cpu), maxQueues);
}

const models: readonly Nic["model"][] = ["virtio", "e1000", "e1000e", "rtl8139", "ne2k_pci", "pcnet"];

function modelOf(model: string | undefined): Nic["model"] {
  return models.find((known) => known === model) ?? "virtio";
}
