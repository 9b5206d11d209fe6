/** What a preference says of each disk, interface and other device that a machine has. */
import type { Devices, Disk, Interface, VirtualMachineInstanceSpec } from "../types.ts";
import { isAbsent } from "./field-path.ts";
import type { PreferenceSpec } from "./specs.ts";

type Preferences = NonNullable<PreferenceSpec["devices"]>;

/** Changes `spec`, whose devices are all there. */
export function applyDevicePreferences(spec: VirtualMachineInstanceSpec, preferences: Preferences): void {
  const { devices } = spec.domain;
  for (const disk of devices.disks ?? []) applyDisk(disk, preferences);
  for (const nic of devices.interfaces ?? []) applyInterface(nic, preferences, isOnPodNetwork(spec, nic));
  applyInputs(devices, preferences);
  applyScreenAndSound(devices, preferences);
  applyPanicDevices(devices, preferences);
  for (const gpu of devices.gpus ?? []) fill(gpu, { virtualGPUOptions: preferences.preferredVirtualGPUOptions });
}

function applyDisk(disk: Disk, preferences: Preferences): void {
  if (!disk.disk && !disk.cdrom && !disk.lun) disk.disk = {};
  if (disk.cdrom) fill(disk.cdrom, { bus: preferences.preferredCdromBus });
  if (disk.lun) fill(disk.lun, { bus: preferences.preferredLunBus });
  if (!disk.disk) return;
  fill(disk.disk, { bus: preferences.preferredDiskBus });
  fill(disk, {
    cache: preferences.preferredDiskCache,
    io: preferences.preferredDiskIO,
    blockSize: preferences.preferredDiskBlockSize,
    // Only virtio disks have threads of their own.
    dedicatedIOThread: disk.disk.bus === "virtio" ? preferences.preferredDiskDedicatedIoThread : undefined,
  });
}

const bindings = ["bridge", "masquerade", "sriov", "passtBinding", "binding"] as const;

function applyInterface(nic: Interface, preferences: Preferences, onPodNetwork: boolean): void {
  fill(nic, { model: preferences.preferredInterfaceModel });
  const isBound = bindings.some((binding) => nic[binding] !== undefined);
  if (onPodNetwork && !isBound) fill(nic, { masquerade: preferences.preferredInterfaceMasquerade });
}

function isOnPodNetwork({ networks = [] }: VirtualMachineInstanceSpec, { name }: Interface): boolean {
  return networks.find((network) => network.name === name)?.pod !== undefined;
}

function applyInputs(devices: Devices, { preferredInputBus, preferredInputType }: Preferences): void {
  if (devices.autoattachInputDevice && !devices.inputs?.length) {
    devices.inputs = [{ name: "default-0" } as NonNullable<Devices["inputs"]>[number]];
  }
  for (const input of devices.inputs ?? []) fill(input, { bus: preferredInputBus, type: preferredInputType });
}

function applyScreenAndSound(devices: Devices, { preferredVideoType, preferredSoundModel }: Preferences): void {
  const hasScreen = devices.autoattachGraphicsDevice !== false;
  if (hasScreen && preferredVideoType) devices.video = { type: preferredVideoType, ...devices.video };
  if (devices.sound) fill(devices.sound, { model: preferredSoundModel });
}

/** One is added where there is none. */
function applyPanicDevices(devices: Devices, { preferredPanicDeviceModel: model }: Preferences): void {
  if (!model) return;
  if (!devices.panicDevices?.length) devices.panicDevices = [{}];
  for (const device of devices.panicDevices) fill(device, { model });
}

/** Sets what is wanted and not there. */
function fill<T extends object>(target: T, wanted: Partial<Record<keyof T, unknown>>): void {
  for (const [name, value] of Object.entries(wanted) as [keyof T, unknown][]) {
    if (!isAbsent(value) && isAbsent(target[name])) target[name] = structuredClone(value) as T[keyof T];
  }
}
