/**
 * Tells on the Node object where this node's virtual machine API is, that machines may be placed here, what its processors can, and every
 * minute that we are alive: who stays silent for long gets no more machines (src/controllers/node).
 */
import { type Node, nodes } from "../../../api/core.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { announcement, type MetadataPatch, type NodeFacts, untilHeartbeatMs } from "./node-labels.ts";

/** The kubelet tells nobody when its policy changes. */
const lookAgainMs = 10_000;

interface Observation {
  node: Node;
  facts: NodeFacts;
  nowMs: number;
}

interface Action {
  name: string;
  metadata: MetadataPatch;
}

export function createAnnouncer(
  client: Client,
  informer: Informer<Node>,
  facts: () => Promise<NodeFacts>,
): Reconciler<Observation, Action> {
  return {
    name: "node-announcement",
    async observe(name) {
      const node = informer.get(undefined, name);
      return node && { node, facts: await facts(), nowMs: Date.now() };
    },
    plan({ node, facts, nowMs }) {
      const metadata = announcement(node, facts, nowMs);
      return metadata ? [{ name: node.metadata?.name ?? "", metadata }] : [];
    },
    async execute({ name, metadata }, signal) {
      await client.patch(nodes, { name }, { type: "merge", body: { metadata } }, { signal });
    },
    /** What was just written comes back by the watch. */
    requeueAfterMs({ node, nowMs }) {
      const heartbeatMs = untilHeartbeatMs(node, nowMs);
      return heartbeatMs === 0 ? undefined : Math.min(heartbeatMs, lookAgainMs);
    },
  };
}

/** An agent that ends in order takes no machines until it, or another, is back. */
export async function withdraw(client: Client, nodeName: string, signal: AbortSignal): Promise<void> {
  const body = { metadata: { labels: { [labels.schedulable]: "false" } } };
  await client.patch(nodes, { name: nodeName }, { type: "merge", body }, { signal });
}
