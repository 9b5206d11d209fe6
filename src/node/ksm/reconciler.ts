/** Lets this node's kernel merge pages that are the same in several guests, where the KubeVirt resource's `ksmConfiguration` says so. */
import { type Node, nodes } from "../../../api/core.ts";
import type { ConfigurationSource } from "../../../api/kubevirt/configuration.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { readKsm, readMemoryLevel, writeKsm } from "./kernel.ts";
import { type KsmAction, type KsmObservation, planKsm } from "./plan.ts";
import { tuningOf } from "./tuning.ts";

/** Memory becomes scarce without anybody telling. */
const lookAgainMs = 60_000;
/** As upstream: what a step was good for shows only after some searching. */
const stepMs = 10 * 60_000;

export interface KsmOptions {
  client: Client;
  node: Informer<Node>;
  configuration: ConfigurationSource;
  events: EventRecorder;
}

interface Observation extends KsmObservation {
  problems: readonly string[];
}

export function createKsmReconciler(options: KsmOptions): Reconciler<Observation, KsmAction> {
  const { client, node: informer, configuration, events } = options;
  const told = new Set<string>();
  let tunedAtMs = -Infinity;

  return {
    name: "ksm",
    async observe(name) {
      const node = informer.get(undefined, name);
      if (node === undefined) return undefined;
      const isSelected = selects(configuration().ksmNodes, node);
      const [kernel, memory] = await Promise.all([readKsm(), readMemoryLevel()]);
      return { node, isSelected, ...tuningOf(node), kernel, memory, isDue: performance.now() - tunedAtMs >= stepMs };
    },
    plan: planKsm,
    async writeStatus({ node, isSelected, problems }) {
      for (const problem of isSelected ? problems.filter((each) => !told.has(each)) : []) {
        told.add(problem);
        events.record(node, "Warning", "InvalidKSMOverride", problem);
      }
    },
    async execute(action, signal) {
      if (action.type === "mark") {
        const { name, metadata } = action;
        await client.patch(nodes, { name }, { type: "merge", body: { metadata } }, { signal });
        return;
      }
      await writeKsm(action.state);
      tunedAtMs = performance.now();
    },
    requeueAfterMs: ({ isSelected, kernel }) => (isSelected && kernel !== undefined ? lookAgainMs : undefined),
  };
}

/** An agent that ends in order leaves the kernel as it was; one that is back turns it on again if memory is still scarce. */
export async function releaseKsm(client: Client, nodeName: string, signal: AbortSignal): Promise<void> {
  const kernel = await readKsm();
  if (!kernel?.running) return;
  const node = await client.get(nodes, { name: nodeName }, { signal });
  if (node.metadata?.annotations?.[annotations.ksmManaged] !== "true") return;
  await writeKsm({ ...kernel, running: false });
  const body = { metadata: { annotations: { [annotations.ksmManaged]: "false" } } };
  await client.patch(nodes, { name: nodeName }, { type: "merge", body }, { signal });
}
