/**
 * Takes nodes whose VM agent has gone silent out of service for new machines, and has the machines on them looked at: they
 * may well go on, but nothing that is said about them is up to date. None is given up: that would be for the node's end
 * (../virtualmachineinstance/phase.ts).
 *
 *   heartbeat, every minute --silent for 5 minutes--> schedulable: false, machines told --heartbeat--> the agent itself says true
 */
import { type Node, nodes } from "../../../api/core.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import { agentSilence, nodeSilence, untilSilentMs } from "../../runtime/node-heartbeat.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";

export interface NodeControllerOptions {
  client: Client;
  nodes: Informer<Node>;
  /** The node's agent fell silent, or is back. */
  onSilence: (nodeName: string) => void;
  signal: AbortSignal;
}

export interface Observation {
  node: Node;
  nowMs: number;
  /** What was told last. */
  toldSilent: boolean;
}

export type Action = { type: "markUnschedulable"; name: string } | { type: "tell"; name: string; silent: boolean };

export function startNodeController(options: NodeControllerOptions): ReconcilerLoop {
  const loop = runReconciler(createNodeReconciler(options), { signal: options.signal, concurrency: 1 });
  enqueueOnChange(loop, options.nodes);
  return loop;
}

export function createNodeReconciler(options: NodeControllerOptions): Reconciler<Observation, Action> {
  const { client, nodes: informer, onSilence } = options;
  const silent = new Set<string>();
  return {
    name: "node",
    observe(name) {
      const node = informer.get(undefined, name);
      if (node === undefined) silent.delete(name);
      return Promise.resolve(node && { node, nowMs: Date.now(), toldSilent: silent.has(name) });
    },
    plan,
    async execute(action, signal) {
      if (action.type === "markUnschedulable") return markUnschedulable(client, action.name, signal);
      if (action.silent) silent.add(action.name);
      else silent.delete(action.name);
      onSilence(action.name);
    },
    requeueAfterMs: ({ node, nowMs }) => untilSilentMs(node, nowMs) || undefined,
  };
}

export function plan({ node, nowMs, toldSilent }: Observation): Action[] {
  const name = node.metadata?.name ?? "";
  const silent = nodeSilence(node, nowMs) !== undefined;
  // A node whose kubelet is silent gets no pods anyway, and its agent may be alive and say `true` again.
  const mark = agentSilence(node, nowMs) !== undefined && node.metadata?.labels?.[labels.schedulable] !== "false";
  return [
    ...(mark ? [{ type: "markUnschedulable", name } as const] : []),
    ...(silent === toldSilent ? [] : [{ type: "tell", name, silent } as const]),
  ];
}

async function markUnschedulable(client: Client, name: string, signal: AbortSignal): Promise<void> {
  const body = { metadata: { labels: { [labels.schedulable]: "false" } } };
  try {
    await client.patch(nodes, { name }, { type: "merge", body }, { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
