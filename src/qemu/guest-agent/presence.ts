/** Whether a guest agent listens, as QEMU knows it: asking one that does not would only wait. */
import type { QmpClient } from "../qmp/client.ts";
import type { QmpEvent } from "../qmp/message.ts";

const channel = { chardev: "qga", device: "qga0" } as const;

export async function guestAgentPresent(qmp: QmpClient): Promise<boolean> {
  const chardevs = await qmp.execute("query-chardev");
  return chardevs.find((each) => each.label === channel.chardev)?.["frontend-open"] ?? false;
}

/** True or false when `event` says that the agent came or went; undefined when it is about something else. */
export function guestAgentPresence(event: QmpEvent): boolean | undefined {
  if (event.event !== "VSERPORT_CHANGE" || event.data["id"] !== channel.device) return undefined;
  return event.data["open"] === true;
}
