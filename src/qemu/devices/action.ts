/** One step towards the desired devices. Each is safe to repeat after a crash, because the next plan starts from what is observed. */
import { setTimeout as delay } from "node:timers/promises";
import type { QmpClient } from "../qmp/client.ts";
import type { DeviceOptions, QmpCommands } from "../qmp/commands.ts";
import { QmpError } from "../qmp/errors.ts";

type Used =
  | "blockdev-add"
  | "blockdev-del"
  | "blockdev-reopen"
  | "blockdev-open-tray"
  | "blockdev-close-tray"
  | "blockdev-insert-medium"
  | "blockdev-remove-medium"
  | "device_add"
  | "device_del"
  | "netdev_add"
  | "netdev_del"
  | "set_link";

/** A monitor command. */
export type CommandAction = { [C in Used]: { command: C; args: QmpCommands[C]["args"] } }[Used];

/** Tells the device on `node` that it has become as large as `image`. */
export interface MatchSizeAction {
  command: "match-size";
  args: { node: string; image: string };
}

/** Connects to who serves the device, then plugs it. */
export interface PlugFilesystemAction {
  command: "plug-filesystem";
  args: { socket: string; device: DeviceOptions & { chardev: string } };
}

/** Removes a node, and the connection to who served it. */
export interface RemoveServedAction {
  command: "remove-served";
  args: { "node-name": string; served: string };
}

export type DeviceAction = CommandAction | MatchSizeAction | PlugFilesystemAction | RemoveServedAction;

export async function applyDeviceAction(qmp: QmpClient, action: DeviceAction): Promise<void> {
  if (action.command === "match-size") await matchSize(qmp, action.args);
  else if (action.command === "plug-filesystem") await plugFilesystem(qmp, action.args);
  else if (action.command === "remove-served") await removeServed(qmp, action.args);
  else if (action.command === "blockdev-del") await removeNode(qmp, action.args);
  else await qmp.execute<Used>(action.command, action.args);
}

/**
 * The connection is cut first: QEMU 7.2 closes a node whose server is gone when it has found another one, or has waited as long as a guest
 * would, and does nothing else meanwhile. Whatever was written has been taken by the server, which flushes it when it ends.
 */
async function removeServed(qmp: QmpClient, { served, ...args }: RemoveServedAction["args"]): Promise<void> {
  await qmp.execute("yank", { instances: [{ type: "block-node", "node-name": served }] });
  await removeNode(qmp, args);
}

const letGoMs = 1_000;
const letGoRetryMs = 20;

/** QEMU frees a device a moment after it has said that it is gone; until then what is behind it is in use. */
async function removeNode(qmp: QmpClient, args: QmpCommands["blockdev-del"]["args"]): Promise<void> {
  for (const endMs = performance.now() + letGoMs; ; await delay(letGoRetryMs)) {
    try {
      await qmp.execute("blockdev-del", args);
      return;
    } catch (error) {
      const isInUse = error instanceof QmpError && /is in use/.test(error.message);
      if (!isInUse || performance.now() > endMs) throw error;
    }
  }
}

/** Resizing a node to the size it has already is how QEMU is made to look again. */
async function matchSize(qmp: QmpClient, { node, image }: MatchSizeAction["args"]): Promise<void> {
  const nodes = await qmp.execute("query-named-block-nodes", { flat: true });
  const size = nodes.find((each) => each["node-name"] === image)?.image?.["virtual-size"];
  if (size === undefined) throw new Error(`block node ${image} is gone; it was to fill drive ${node}`);
  await qmp.execute("block_resize", { "node-name": node, size });
}

/** The connection of an attempt that was cut short is used: whoever serves a file system ends with the first one that it has. */
async function plugFilesystem(qmp: QmpClient, { socket, device }: PlugFilesystemAction["args"]): Promise<void> {
  const connections = await qmp.execute("query-chardev");
  if (!connections.some(({ label }) => label === device.chardev)) {
    const addr = { type: "unix", data: { path: socket } } as const;
    await qmp.execute("chardev-add", {
      id: device.chardev,
      backend: { type: "socket", data: { addr, server: false } },
    });
  }
  await qmp.execute("device_add", device);
}
