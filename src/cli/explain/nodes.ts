import type { Node } from "../../../api/core.ts";
import { annotations } from "../../../api/kubevirt/names.ts";

/** What keeps a node's agent from doing its work, as a clause; undefined when nothing does. */
export function agentProblemOn(nodes: readonly Node[], name: string): string | undefined {
  const node = nodes.find((candidate) => candidate.metadata?.name === name);
  if (!node) return `its node ${name} does not exist any more`;
  if (!isReady(node)) return `the agent on node ${name} does not report (${notReadyReason(node)})`;
  const endpoint = node.metadata?.annotations?.[annotations.agentEndpoint];
  return endpoint ? undefined : `node ${name} has no vmpod agent for virtual machines`;
}

export function isReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

export function notReadyReason(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.message ?? ready?.reason ?? "it never was ready";
}
