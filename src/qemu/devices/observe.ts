/** What is attached to a QEMU now, asked from QEMU itself: the only truth after a crash of whoever attached it. */
import type { QmpClient } from "../qmp/client.ts";
import type { PciDevice } from "../qmp/commands.ts";

export interface ObservedDevices {
  /** Ids of devices added by name. */
  devices: ReadonlySet<string>;
  blockNodes: ReadonlySet<string>;
  netdevs: ReadonlySet<string>;
  /** Node names of the media in cdrom drives, by drive id. */
  media: ReadonlyMap<string, string>;
  /** Root ports with nothing behind, in order; undefined when the machine has plain PCI slots. */
  freePorts: readonly string[] | undefined;
}

export async function observeDevices(qmp: QmpClient): Promise<ObservedDevices> {
  const peripherals = await qmp.execute("qom-list", { path: "/machine/peripheral" });
  const nodes = await qmp.execute("query-named-block-nodes", { flat: true });
  const blocks = await qmp.execute("query-block");
  const networks = await qmp.execute("human-monitor-command", { "command-line": "info network" });
  const buses = await qmp.execute("query-pci");
  const devices = new Set(peripherals.filter((each) => each.type.startsWith("child<")).map((each) => each.name));
  const removable = blocks.filter((each) => each.removable && each.qdev !== undefined);
  return {
    devices,
    blockNodes: new Set(nodes.map((each) => each["node-name"] ?? "")),
    netdevs: parseNetdevs(networks),
    media: new Map(removable.flatMap((each) => mediumOf(each.qdev ?? "", each.inserted?.["node-name"]))),
    freePorts: freePorts(
      devices,
      buses.flatMap((bus) => bus.devices),
    ),
  };
}

function mediumOf(drive: string, node: string | undefined): [string, string][] {
  return node === undefined ? [] : [[drive, node]];
}

/**
 * No QMP command lists netdevs. `info network` prints one a line, behind ` \ ` when a NIC uses it:
 * ` \ net-default: index=0,type=tap,...`. NICs' own lines say `type=nic`.
 */
export function parseNetdevs(text: string): Set<string> {
  const lines = text.split("\n").map((line) => /^(?: \\ )?([^\s:]+): index=\d+,type=([\w-]+)/.exec(line.trimEnd()));
  return new Set(lines.filter((match) => match?.[2] !== "nic").flatMap((match) => match?.[1] ?? []));
}

function freePorts(devices: ReadonlySet<string>, pci: readonly PciDevice[]): string[] | undefined {
  const ports = [...devices].filter((id) => /^port\d+$/.test(id));
  if (ports.length === 0) return undefined;
  const taken = new Set(pci.filter((each) => (each.pci_bridge?.devices ?? []).length > 0).map((each) => each.qdev_id));
  const indexOf = (port: string): number => Number(port.slice("port".length));
  return ports.filter((port) => !taken.has(port)).sort((a, b) => indexOf(a) - indexOf(b));
}
