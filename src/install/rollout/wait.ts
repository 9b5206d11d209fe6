/** Waits until workloads are rolled out, and tells whenever the reason for waiting changes. */
import { type DaemonSet, daemonSets, type Deployment, deployments } from "../../../api/apps.ts";
import { type Event, events, type Pod, pods } from "../../../api/core.ts";
import type { KubeObject } from "../../../api/meta.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import { whyWaiting } from "./explain.ts";

export interface RolloutOptions {
  namespace: string;
  /** What was applied: only names and kinds matter. */
  workloads: readonly KubeObject[];
  onWait: (reason: string) => void;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** @throws Error with the last reason when it takes too long */
export async function waitForRollout(client: Client, options: RolloutOptions): Promise<void> {
  const { namespace, workloads, onWait, timeoutMs, signal } = options;
  const done = new AbortController();
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([done.signal, timeout, ...(signal ? [signal] : [])]);
  const view = openView(client, namespace);
  try {
    await Promise.race([view.start(ended), untilAborted(ended)]);
    let shown: string | undefined;
    await new Promise<void>((resolve) => {
      const look = () => {
        const reason = workloads.map((workload) => view.reasonOf(workload)).find(Boolean);
        if (reason === undefined) resolve();
        else if (reason !== shown && !ended.aborted) onWait((shown = reason));
      };
      ended.addEventListener("abort", () => resolve(), { once: true });
      view.onChange(look);
      look();
    });
    signal?.throwIfAborted();
    const reasons = workloads.flatMap((workload) => view.reasonOf(workload) ?? []);
    if (reasons.length > 0)
      throw new Error(`not there after ${Math.round(timeoutMs / 1000)} s:\n  ${reasons.join("\n  ")}`);
  } finally {
    done.abort();
  }
}

interface View {
  start(signal: AbortSignal): Promise<unknown>;
  onChange(handler: () => void): void;
  reasonOf(workload: KubeObject): string | undefined;
}

function openView(client: Client, namespace: string): View {
  const copies = {
    deployments: createInformer<Deployment>(client, deployments, { namespace }),
    daemonSets: createInformer<DaemonSet>(client, daemonSets, { namespace }),
    pods: createInformer<Pod>(client, pods, { namespace }),
    events: createInformer<Event>(client, events, { namespace }),
  };
  const all: Informer<KubeObject>[] = Object.values(copies);
  return {
    start(signal) {
      for (const each of all) each.start(signal);
      return Promise.all(all.map((each) => each.synced()));
    },
    onChange(handler) {
      for (const each of all) each.onChange(handler);
    },
    reasonOf({ kind, metadata }) {
      const name = metadata?.name ?? "";
      const workload =
        kind === "DaemonSet" ? copies.daemonSets.get(namespace, name) : copies.deployments.get(namespace, name);
      if (workload === undefined) return `${kind} ${name} is not there`;
      const labels = Object.entries(workload.spec?.selector.matchLabels ?? {});
      const own = copies.pods
        .list()
        .filter((pod) => labels.every(([key, value]) => pod.metadata?.labels?.[key] === value));
      const byTime = copies.events.list().toSorted((one, other) => timeOf(one).localeCompare(timeOf(other)));
      return whyWaiting({ workload: { ...workload, kind: kind ?? "" }, pods: own, events: byTime });
    },
  };
}

function timeOf({ lastTimestamp, eventTime, metadata }: Event): string {
  return lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? "";
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
