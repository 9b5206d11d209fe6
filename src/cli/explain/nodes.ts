import type { Node, NodeCondition } from "../../../api/core.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import { agentSilence } from "../../runtime/node-heartbeat.ts";
import type { Situation } from "./situation.ts";

/** Wherever vmpod runs. */
export const startAgent =
  "start the node agent: `vmpod up` (`vmpod doctor` if it does not come up), in a cluster see `kubectl get pods -n vmpod -o wide`";

/** What keeps a node's agent from doing its work, as a clause; undefined when nothing does. */
export function agentProblemOn({ nodes, now }: Pick<Situation, "nodes" | "now">, name: string): string | undefined {
  const node = nodes.find((candidate) => candidate.metadata?.name === name);
  if (!node) return `its node ${name} does not exist any more`;
  const ready = readiness(node);
  if (ready?.status === "False") return `node ${name} is not ready (${notReadyReason(node)})`;
  if (ready?.status !== "True") return `the agent on node ${name} does not report (${notReadyReason(node)})`;
  const endpoint = node.metadata?.annotations?.[annotations.agentEndpoint];
  if (!endpoint) return `node ${name} has no vmpod agent for virtual machines`;
  const silence = agentSilence(node, now.getTime());
  return silence && `the vmpod agent on node ${name} gives no sign of life since ${silence.since}`;
}

export function isReady(node: Node): boolean {
  return readiness(node)?.status === "True";
}

export function notReadyReason(node: Node): string {
  const ready = readiness(node);
  return ready?.message ?? ready?.reason ?? "it never was ready";
}

function readiness(node: Node): NodeCondition | undefined {
  return node.status?.conditions?.find(({ type }) => type === "Ready");
}
