/** One step towards the desired devices. Each is safe to repeat after a crash, because the next plan starts from what is observed. */
import type { QmpClient } from "../qmp/client.ts";
import type { QmpCommands } from "../qmp/commands.ts";

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

export type DeviceAction = CommandAction | MatchSizeAction;

export async function applyDeviceAction(qmp: QmpClient, action: DeviceAction): Promise<void> {
  if (action.command === "match-size") await matchSize(qmp, action.args);
  else await qmp.execute<Used>(action.command, action.args);
}

/** Resizing a node to the size it has already is how QEMU is made to look again. */
async function matchSize(qmp: QmpClient, { node, image }: MatchSizeAction["args"]): Promise<void> {
  const nodes = await qmp.execute("query-named-block-nodes", { flat: true });
  const size = nodes.find((each) => each["node-name"] === image)?.image?.["virtual-size"];
  if (size === undefined) throw new Error(`block node ${image} is gone; it was to fill drive ${node}`);
  await qmp.execute("block_resize", { "node-name": node, size });
}
