/**
 * Gives each waiting pod a node. One pod at a time, so two pods never count on the same free space; our own bindings
 * count before the informer shows them.
 */
import type { Node, Pod } from "../../../api/core.ts";
import { pods } from "../../../api/core.ts";
import type { Condition } from "../../../api/meta.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import { timestamp } from "../../runtime/conditions.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { overlayRecentWrites, type RecentWrites } from "../../runtime/recent-writes.ts";
import { type Decision, decide } from "./decide.ts";

export interface SchedulerOptions {
  client: Client;
  pods: Informer<Pod>;
  nodes: Informer<Node>;
  events: EventRecorder;
  signal: AbortSignal;
}

const schedulerName = "default-scheduler";
const retryMs = 5_000;

interface Observation {
  pod: Pod;
  decision: Decision;
}

type Action = { kind: "bind"; pod: Pod; node: string } | { kind: "report"; pod: Pod; message: string };

export function startScheduler(options: SchedulerOptions): void {
  const bound = overlayRecentWrites(options.pods);
  const loop = runReconciler(schedulerReconciler(options, bound), { signal: options.signal, concurrency: 1 });
  const waiting = () => options.pods.list().filter(isWaiting);
  enqueueOnChange(loop, options.pods, (pod) => (isWaiting(pod) ? [objectKey(pod)] : []));
  const retryAll = () => waiting().forEach((pod) => loop.enqueue(objectKey(pod)));
  options.nodes.onChange(retryAll);
  // Space comes free when a pod ends or goes.
  options.pods.onChange(({ type, object }) => (type === "deleted" || hasEnded(object)) && retryAll());
}

function schedulerReconciler(
  { client, pods: informer, nodes: nodeInformer, events }: SchedulerOptions,
  bound: RecentWrites<Pod>,
): Reconciler<Observation, Action> {
  return {
    name: "scheduler",
    async observe(key) {
      await Promise.all([informer.synced(), nodeInformer.synced()]);
      const { namespace, name } = parseObjectKey(key);
      const current = bound.list(namespace).find((pod) => pod.metadata?.name === name);
      if (!current || !isWaiting(current)) return undefined;
      const active = bound.list().filter((pod) => pod.spec?.nodeName && !hasEnded(pod));
      const states = nodeInformer
        .list()
        .map((node) => ({ node, pods: active.filter((pod) => pod.spec?.nodeName === node.metadata?.name) }));
      return { pod: current, decision: decide(current, states) };
    },
    plan: ({ pod, decision }) =>
      "node" in decision
        ? [{ kind: "bind", pod, node: decision.node }]
        : [{ kind: "report", pod, message: decision.unschedulable }],
    async execute(action) {
      if (action.kind === "bind") return bind(action.pod, action.node);
      await reportUnschedulable(action.pod, action.message);
    },
    requeueAfterMs: ({ decision }) => ("node" in decision ? undefined : retryMs),
  };

  async function bind(pod: Pod, node: string): Promise<void> {
    const { namespace = "", name = "", uid } = pod.metadata ?? {};
    await client.request("POST", `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { apiVersion: "v1", kind: "Node", name: node },
    });
    bound.wrote({ ...pod, spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: node } });
    events.record(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${node}`);
  }

  async function reportUnschedulable(pod: Pod, message: string): Promise<void> {
    const { namespace = "", name = "" } = pod.metadata ?? {};
    const before = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    if (before?.status === "False" && before.message === message) return;
    events.record(pod, "Warning", "FailedScheduling", message);
    const condition: Condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime: timestamp(),
    };
    const patch = { type: "strategic" as const, body: { status: { conditions: [condition] } } };
    await client.patch(pods, { namespace, name }, patch, { subresource: "status" });
  }
}

function isWaiting(pod: Pod): boolean {
  const scheduler = pod.spec?.schedulerName ?? schedulerName;
  return (
    !pod.spec?.nodeName &&
    scheduler === schedulerName &&
    !pod.metadata?.deletionTimestamp &&
    !hasEnded(pod) &&
    (pod.spec?.schedulingGates ?? []).length === 0
  );
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
