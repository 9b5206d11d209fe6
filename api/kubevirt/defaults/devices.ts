/** Defaults for volumes, disks and interfaces. */
import type { VirtConfiguration } from "../configuration.ts";
import { stableMacAddress } from "../mac-address.ts";
import type { ContainerDiskSource, Disk, VirtualMachineInstanceSpec, Volume } from "../types.ts";

export function defaultImagePullPolicies(spec: VirtualMachineInstanceSpec): void {
  for (const volume of spec.volumes ?? []) {
    if (volume.containerDisk) defaultImagePullPolicy(volume.containerDisk);
  }
  const kernel = spec.domain.firmware?.kernelBoot?.container;
  if (kernel) defaultImagePullPolicy(kernel);
}

function defaultImagePullPolicy(source: Pick<ContainerDiskSource, "image" | "imagePullPolicy">): void {
  if (source.imagePullPolicy || typeof source.image !== "string") return;
  source.imagePullPolicy = isFloatingImage(source.image) ? "Always" : "IfNotPresent";
}

/**
 * Whether a registry may have another image under this name tomorrow: `:latest`, or no tag and no digest.
 * `localhost/...` names an image that was put on the node: there is no registry to ask.
 */
export function isFloatingImage(image: string): boolean {
  if (image.includes("@") || image.startsWith("localhost/")) return false;
  const lastComponent = image.slice(image.lastIndexOf("/") + 1);
  const tag = lastComponent.split(":")[1];
  return tag === undefined || tag === "latest";
}

export function defaultNetworkInterface(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  const devices = spec.domain.devices;
  if (devices.autoattachPodInterface === false) return;
  if ((devices.interfaces?.length ?? 0) > 0 || (spec.networks?.length ?? 0) > 0) return;
  const binding = configuration.defaultNetworkInterface === "bridge" ? { bridge: {} } : { masquerade: {} };
  devices.interfaces = [{ name: "default", ...binding }];
  spec.networks = [{ name: "default", pod: {} }];
}

export function defaultMacAddresses(spec: VirtualMachineInstanceSpec): void {
  const uuid = spec.domain.firmware?.uuid;
  if (!uuid) return;
  for (const iface of spec.domain.devices.interfaces ?? []) {
    iface.macAddress ||= stableMacAddress(uuid, iface.name);
  }
}

/** Every volume is shown to the guest: one that no disk or filesystem mentions gets a plain disk. */
export function defaultDisks(spec: VirtualMachineInstanceSpec): void {
  const devices = spec.domain.devices;
  const shown = new Set([...(devices.disks ?? []), ...(devices.filesystems ?? [])].map((device) => device.name));
  const missing = (spec.volumes ?? []).filter((volume) => !shown.has(volume.name) && !isMemoryDump(volume));
  if (missing.length === 0) return;
  devices.disks = [...(devices.disks ?? []), ...missing.map((volume): Disk => ({ name: volume.name, disk: {} }))];
}

function isMemoryDump(volume: Volume): boolean {
  return volume.memoryDump !== undefined;
}

export function defaultDiskBuses(spec: VirtualMachineInstanceSpec): void {
  const bus = spec.architecture === "amd64" ? "sata" : "virtio";
  for (const disk of spec.domain.devices.disks ?? []) {
    if (!disk.disk && !disk.cdrom && !disk.lun) disk.disk = {};
    const target = disk.disk ?? disk.cdrom ?? disk.lun;
    if (target) target.bus ||= bus;
  }
}

export function defaultInputs(spec: VirtualMachineInstanceSpec): void {
  const devices = spec.domain.devices;
  if (devices.autoattachInputDevice && (devices.inputs?.length ?? 0) === 0)
    devices.inputs = [{ name: "default-0", type: "tablet", bus: "usb" }];
  for (const input of spec.domain.devices.inputs ?? []) {
    input.bus ||= "usb";
    input.type ||= "tablet";
  }
}
