/** What is attached to a QEMU now, asked from QEMU itself: the only truth after a crash of whoever attached it. */
import type { QmpClient } from "../qmp/client.ts";

export interface ObservedDevices {
  /** The driver of each device added by name. */
  devices: ReadonlyMap<string, string>;
  blockNodes: ReadonlySet<string>;
  netdevs: ReadonlySet<string>;
  /** Node names of the media in cdrom drives, by drive id. */
  media: ReadonlyMap<string, string>;
  /** Root ports with nothing behind, in order; undefined when the machine has plain PCI slots. */
  freePorts: readonly string[] | undefined;
}

export async function observeDevices(qmp: QmpClient): Promise<ObservedDevices> {
  // At once: each answer that is waited for may cost a turn on busy processors.
  const [nodes, blocks, networks, devices] = await Promise.all([
    qmp.execute("query-named-block-nodes", { flat: true }),
    qmp.execute("query-block"),
    qmp.execute("human-monitor-command", { "command-line": "info network" }),
    observePeripherals(qmp),
  ]);
  const removable = blocks.filter((each) => each.removable && each.qdev !== undefined);
  return {
    devices,
    blockNodes: new Set(nodes.map((each) => each["node-name"] ?? "")),
    netdevs: parseNetdevs(networks),
    media: new Map(removable.flatMap((each) => asPair(each.qdev ?? "", each.inserted?.["node-name"]))),
    freePorts: await observeFreePorts(qmp, devices),
  };
}

async function observePeripherals(qmp: QmpClient): Promise<Map<string, string>> {
  const properties = await qmp.execute("qom-list", { path: "/machine/peripheral" });
  return new Map(properties.flatMap(({ name, type }) => asPair(name, /^child<(.*)>$/.exec(type)?.[1])));
}

function asPair(id: string, driver: string | undefined): [string, string][] {
  return driver === undefined ? [] : [[id, driver]];
}

/**
 * No QMP command lists netdevs. `info network` prints one a line, behind ` \ ` when a NIC uses it:
 * ` \ net-default: index=0,type=tap,...`. NICs' own lines say `type=nic`.
 */
export function parseNetdevs(text: string): Set<string> {
  const lines = text.split("\n").map((line) => /^(?: \\ )?([^\s:]+): index=\d+,type=([\w-]+)/.exec(line.trimEnd()));
  return new Set(lines.filter((match) => match?.[2] !== "nic").flatMap((match) => match?.[1] ?? []));
}

/** Asked from the ports' own buses: `query-pci` does not look behind a bridge until the firmware has set it up. */
async function observeFreePorts(qmp: QmpClient, devices: ReadonlyMap<string, string>): Promise<string[] | undefined> {
  const ports = [...devices].filter(([, driver]) => driver === "pcie-root-port").map(([id]) => id);
  if (ports.length === 0) return undefined;
  const buses = await Promise.all(
    ports.sort(byIndex).map(async (port) => {
      const properties = await qmp.execute("qom-list", { path: `/machine/peripheral/${port}/${port}` });
      return { port, isFree: !properties.some(({ name }) => name.startsWith("child[")) };
    }),
  );
  return buses.filter(({ isFree }) => isFree).map(({ port }) => port);
}

function byIndex(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
