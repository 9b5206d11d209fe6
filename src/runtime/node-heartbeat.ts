/**
 * Whether a node is heard of: its VM agent, by the sign of life that it leaves on the Node object every minute, and its
 * kubelet, by what the cluster says of it. Pure.
 */
import type { Node } from "../../api/core.ts";
import { annotations } from "../../api/kubevirt/names.ts";

/** As upstream: five missed signs, so that neither a restart nor an upgrade of the agent counts. */
export const silentAfterMs = 5 * 60_000;

export interface Silence {
  who: "agent" | "kubelet";
  /** RFC 3339: the last sign of life. */
  since: string;
}

/** The cluster notices a whole node that is gone within its grace period, long before an agent counts as silent. */
export function nodeSilence(node: Node | undefined, nowMs: number): Silence | undefined {
  return kubeletSilence(node) ?? agentSilence(node, nowMs);
}

function kubeletSilence(node: Node | undefined): Silence | undefined {
  const ready = node?.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "Unknown") return undefined;
  return { who: "kubelet", since: ready.lastHeartbeatTime ?? ready.lastTransitionTime ?? "" };
}

/** Undefined while the agent is alive, and for a node that never had one. */
export function agentSilence(node: Node | undefined, nowMs: number): Silence | undefined {
  const since = node?.metadata?.annotations?.[annotations.heartbeat] ?? "";
  return untilSilentMs(node, nowMs) === 0 ? { who: "agent", since } : undefined;
}

/** How long until an agent that says nothing more counts as silent: 0 when it does. Undefined for a node that never had one. */
export function untilSilentMs(node: Node | undefined, nowMs: number): number | undefined {
  const lastMs = Date.parse(node?.metadata?.annotations?.[annotations.heartbeat] ?? "");
  return Number.isNaN(lastMs) ? undefined : Math.max(0, lastMs + silentAfterMs - nowMs);
}
