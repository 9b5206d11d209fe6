/**
 * The order in which the firmware tries devices. When the user gives none, disks are tried as they are listed;
 * when the user gives some, only those are tried.
 */
import type { VirtualMachineInstanceSpec } from "./types.ts";

export interface BootOrder {
  /** Boot index by disk (volume) name. */
  disks: ReadonlyMap<string, number>;
  /** Boot index by interface name. */
  interfaces: ReadonlyMap<string, number>;
}

export function bootOrderOf(spec: VirtualMachineInstanceSpec): BootOrder {
  const { disks = [], interfaces = [] } = spec.domain.devices;
  const chosen = [...disks, ...interfaces].some((device) => device.bootOrder !== undefined);
  if (!chosen) return { disks: new Map(disks.map((disk, index) => [disk.name, index + 1])), interfaces: new Map() };
  return { disks: chosenOrder(disks), interfaces: chosenOrder(interfaces) };
}

function chosenOrder(devices: readonly { name: string; bootOrder?: number }[]): Map<string, number> {
  return new Map(
    devices.flatMap(({ name, bootOrder }) => (bootOrder === undefined ? [] : [[name, bootOrder] as const])),
  );
}
