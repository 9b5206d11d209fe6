import { netdevId, nicId } from "../domain/ids.ts";
import type { DeviceOptions, NetdevOptions } from "../qmp/commands.ts";
import type { DeviceAction } from "./action.ts";
import type { Nic, VacantNic } from "./device.ts";
import type { ObservedDevices } from "./observe.ts";
import type { PortPool } from "./port-pool.ts";
import { virtioDriver } from "./virtio-driver.ts";

/** The tap exists and belongs to QEMU's user: no script runs, no privilege is needed. */
export function attachNic(nic: Nic, observed: ObservedDevices, ports: PortPool): DeviceAction[] {
  if (observed.devices.has(nicId(nic.name))) return [];
  const netdev = nic.socketPath === undefined ? tapNetdev(nic) : socketNetdev(nic.name, nic.socketPath);
  return [
    ...(observed.netdevs.has(netdev.id) ? [] : [{ command: "netdev_add", args: netdev } as const]),
    { command: "device_add", args: nicDevice(nic, ports) },
    ...(nic.linkDown ? [{ command: "set_link", args: { name: nicId(nic.name), up: false } } as const] : []),
  ];
}

function tapNetdev({ name, tap, queues = 1 }: Nic): NetdevOptions {
  const common = { type: "tap", id: netdevId(name), ifname: tap, script: "no", downscript: "no" };
  return { ...common, ...(queues > 1 && { queues }) };
}

/** QEMU listens again when the other side has gone. */
function socketNetdev(name: string, path: string): NetdevOptions {
  return { type: "stream", id: netdevId(name), server: true, addr: { type: "unix", path } };
}

export function keepVacant({ name }: VacantNic, observed: ObservedDevices, ports: PortPool): DeviceAction[] {
  if (!observed.devices.has(nicId(name))) ports.claim(nicId(name));
  return [];
}

function nicDevice(nic: Nic, ports: PortPool): DeviceOptions {
  const queues = nic.queues ?? 1;
  return {
    driver: nic.model === "virtio" ? virtioDriver("virtio-net-pci", nic) : nic.model,
    id: nicId(nic.name),
    netdev: netdevId(nic.name),
    mac: nic.macAddress,
    ...(nic.acpiIndex !== undefined && { "acpi-index": nic.acpiIndex }),
    ...ports.placeOf(nicId(nic.name)),
    // Without the boot ROM the firmware does not spend time on a NIC nobody boots from.
    ...(nic.bootIndex === undefined ? { romfile: "" } : { bootindex: nic.bootIndex }),
    ...(nic.model === "virtio" && queues > 1 && { mq: true, vectors: 2 * queues + 2 }),
    ...(nic.model === "virtio" && nic.mtu !== undefined && { host_mtu: nic.mtu }),
  };
}
