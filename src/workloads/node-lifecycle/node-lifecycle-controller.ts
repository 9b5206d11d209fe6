/** Runs `plan.ts` over live nodes, their leases and pods. */
import type { Lease } from "../../../api/coordination.ts";
import { type Node, nodes, type Pod, pods } from "../../../api/core.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import { timestamp } from "../../runtime/conditions.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { hasEnded, typed } from "../pods.ts";
import { isSilent, type NodeAction, type NodeObservation, nextLookMs, planNode } from "./plan.ts";

export interface NodeLifecycleOptions {
  client: Client;
  nodes: Informer<Node>;
  pods: Informer<Pod>;
  /** Of the namespace `kube-node-lease`: each bears the name of its node. */
  leases: Informer<Lease>;
  events: EventRecorder;
  signal: AbortSignal;
}

export function startNodeLifecycleController(options: NodeLifecycleOptions): void {
  const heard = hearNodes(options);
  const loop = runReconciler(nodeReconciler(options, heard), { signal: options.signal, concurrency: 1 });
  enqueueOnChange(loop, options.nodes);
  enqueueOnChange(loop, options.leases, ({ metadata }) => [metadata?.name ?? ""]);
  enqueueOnChange(loop, options.pods, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
}

/**
 * When each node was last heard of. By our own clock and from what we saw ourselves: a lease that was not renewed while
 * we or the API were down says nothing about the node.
 */
function hearNodes({ nodes: nodeInformer, leases }: NodeLifecycleOptions): (name: string) => number {
  const heard = new Map<string, number>();
  leases.onChange(({ object, previous }) => {
    if (object.spec?.renewTime !== previous?.spec?.renewTime) heard.set(object.metadata?.name ?? "", performance.now());
  });
  nodeInformer.onChange(({ type, object }) => {
    const name = object.metadata?.name ?? "";
    if (type === "deleted") heard.delete(name);
    else if (!heard.has(name)) heard.set(name, performance.now());
  });
  return (name) => Date.now() - (performance.now() - (heard.get(name) ?? performance.now()));
}

function nodeReconciler(
  { client, nodes: nodeInformer, pods: podInformer, leases, events }: NodeLifecycleOptions,
  heardMsOf: (name: string) => number,
): Reconciler<NodeObservation, NodeAction> {
  return {
    name: "node-lifecycle",
    async observe(name) {
      await Promise.all([nodeInformer.synced(), podInformer.synced(), leases.synced()]);
      const node = nodeInformer.get(undefined, name);
      if (!node) return undefined;
      const nowMs = Date.now();
      const names = nodeInformer.list().map(({ metadata }) => metadata?.name ?? "");
      return {
        node: typed(nodes, node),
        pods: podInformer.list().filter((pod) => pod.spec?.nodeName === name && !hasEnded(pod)),
        heardMs: heardMsOf(name),
        othersLive: names.some((each) => !isSilent({ heardMs: heardMsOf(each), nowMs })),
        nowMs,
      };
    },
    plan: planNode,
    execute,
    requeueAfterMs: nextLookMs,
  };

  async function execute(action: NodeAction): Promise<void> {
    switch (action.kind) {
      case "mark-unknown":
        events.record(action.node, "Normal", "NodeNotReady", `Node ${action.node.metadata?.name} is not heard of`);
        await client.updateStatus(nodes, {
          ...action.node,
          status: { ...action.node.status, conditions: action.conditions },
        });
        return;
      case "taint":
        return taint(action.node, action.taints);
      case "mark-unready":
        return markUnready(action.pod);
      case "evict":
        return evict(action.pod);
    }
  }

  async function taint(node: Node, taints: NonNullable<Node["spec"]>["taints"]): Promise<void> {
    const key = { name: node.metadata?.name ?? "" };
    // After our own status write the version is newer; the list is replaced as a whole, and others' taints are in it.
    const { metadata } = await client.get(nodes, key);
    const body = { metadata: { resourceVersion: metadata?.resourceVersion }, spec: { taints } };
    await client.patch(nodes, key, { type: "merge", body });
  }

  async function markUnready(pod: Pod): Promise<void> {
    const condition = { type: "Ready", status: "False", reason: "NodeNotReady", lastTransitionTime: timestamp() };
    const patch = { type: "strategic" as const, body: { status: { conditions: [condition] } } };
    await ignoringGone(client.patch(pods, keyOf(pod), patch, { subresource: "status" }));
    events.record(pod, "Warning", "NodeNotReady", "Node is not ready");
  }

  async function evict(pod: Pod): Promise<void> {
    const uid = pod.metadata?.uid;
    events.record(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${pod.metadata?.name}`);
    await ignoringGone(client.delete(pods, keyOf(pod), { ...(uid !== undefined && { preconditions: { uid } }) }));
  }
}

async function ignoringGone(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function keyOf({ metadata }: Pod): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" };
}
