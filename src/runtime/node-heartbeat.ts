/** Whether a node's VM agent is alive, by the sign of life that it leaves on its Node object every minute. Pure. */
import type { Node } from "../../api/core.ts";
import { annotations } from "../../api/kubevirt/names.ts";

/** As upstream: five missed signs, so that neither a restart nor an upgrade of the agent counts. */
export const silentAfterMs = 5 * 60_000;

export interface Silence {
  /** RFC 3339: the last sign of life. */
  since: string;
}

/** Undefined while the agent is alive, and for a node that never had one. */
export function agentSilence(node: Node | undefined, nowMs: number): Silence | undefined {
  const since = node?.metadata?.annotations?.[annotations.heartbeat] ?? "";
  return untilSilentMs(node, nowMs) === 0 ? { since } : undefined;
}

/** How long until an agent that says nothing more counts as silent: 0 when it does. Undefined for a node that never had one. */
export function untilSilentMs(node: Node | undefined, nowMs: number): number | undefined {
  const lastMs = Date.parse(node?.metadata?.annotations?.[annotations.heartbeat] ?? "");
  return Number.isNaN(lastMs) ? undefined : Math.max(0, lastMs + silentAfterMs - nowMs);
}
