/**
 * What to tell QEMU so that it has the devices wanted: pure, and complete from any state in between, because whoever
 * attaches devices may crash after any step.
 */
import { driveId, driveNode, filesystemId, netdevId, nicId } from "../domain/ids.ts";
import type { DeviceAction } from "./action.ts";
import type { Device } from "./device.ts";
import { attachDisk } from "./disk.ts";
import { attachFilesystem } from "./filesystem.ts";
import { attachNic, keepVacant } from "./nic.ts";
import type { ObservedDevices } from "./observe.ts";
import { PortPool } from "./port-pool.ts";

/**
 * Additions in the order of `desired`, after removals of what only hot-plug can have left.
 * @throws TerminalError when a device cannot exist on this machine.
 */
export function planDevices(desired: readonly Device[], observed: ObservedDevices): DeviceAction[] {
  const ports = new PortPool(observed.freePorts, reservedPorts(desired));
  const attach = desired.flatMap((device) => {
    if (device.kind === "vacant-nic") return keepVacant(device, observed, ports);
    if (device.kind === "filesystem") return attachFilesystem(device, observed, ports);
    return device.kind === "disk" ? attachDisk(device, observed, ports) : attachNic(device, observed, ports);
  });
  const occupied = desired.filter(({ kind }) => kind !== "vacant-nic");
  return [...detach(occupied, observed), ...attach];
}

function reservedPorts(desired: readonly Device[]): Map<string, string> {
  return new Map(
    desired.flatMap((device) => ("port" in device && device.port ? [[qdevId(device), device.port] as const] : [])),
  );
}

const qdevIds = { disk: driveId, nic: nicId, "vacant-nic": nicId, filesystem: filesystemId } as const;

function qdevId({ kind, name }: Device): string {
  return qdevIds[kind](name);
}

/** Whether nothing is left to attach: the machine may start. */
export function complete(desired: readonly Device[], observed: ObservedDevices): boolean {
  return planDevices(desired, observed).length === 0;
}

/**
 * Two steps, apart in time: the guest has to let go of a device before what is behind it can be removed.
 * The drives of the command line stay; only their media come and go.
 */
function detach(desired: readonly Device[], observed: ObservedDevices): DeviceAction[] {
  const devices = new Set(desired.map(qdevId));
  const nodes = new Set(desired.map((each) => driveNode(each.name)));
  const netdevs = new Set(desired.map((each) => netdevId(each.name)));
  const goneDevices = [...observed.devices].filter(([id, driver]) => isOurs(id, driver) && !devices.has(id));
  const orphanNodes = [...observed.blockNodes].filter((node) => isOrphanNode(node, observed) && !nodes.has(node));
  const orphanNetdevs = [...observed.netdevs].filter((id) => isOrphanNetdev(id, observed) && !netdevs.has(id));
  return [
    ...goneDevices.map(([id]): DeviceAction => ({ command: "device_del", args: { id } })),
    ...orphanNodes.map((node): DeviceAction => ({ command: "blockdev-del", args: { "node-name": node } })),
    ...orphanNetdevs.map((id): DeviceAction => ({ command: "netdev_del", args: { id } })),
  ];
}

function isOurs(id: string, driver: string): boolean {
  return /^(disk|nic)-/.test(id) && !driver.startsWith("ide-");
}

/** Its device is gone. Long names are hashed in node names, so they are compared as nodes. */
function isOrphanNode(node: string, observed: ObservedDevices): boolean {
  if (!node.startsWith("disk-")) return false;
  return ![...observed.devices.keys()].some(
    (id) => id.startsWith("disk-") && driveNode(id.slice("disk-".length)) === node,
  );
}

function isOrphanNetdev(netdev: string, observed: ObservedDevices): boolean {
  return netdev.startsWith("net-") && !observed.devices.has(nicId(netdev.slice("net-".length)));
}
