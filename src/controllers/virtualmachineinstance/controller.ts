/** Keeps one launcher pod for each VirtualMachineInstance, and the VMI's status true. */
import type { LauncherPod } from "./launcher/launcher.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import type { FindAutoLimits } from "./launcher/auto-limits.ts";
import { decideEvents } from "./status/events.ts";
import { qemuExit } from "./status/filesystem-servers.ts";
import { execute } from "./execute.ts";
import { launcherOf, type Observation } from "./observation.ts";
import { type Informers, observe } from "./observe.ts";
import { type Action, plan } from "./plan.ts";
import { decideStatus } from "./status/status.ts";

export interface VmiControllerOptions {
  client: Client;
  informers: Informers;
  events: EventRecorder;
  launcherImage: string;
  /** Whether this cluster's pods can have image volumes. */
  imageVolumes: boolean;
  /** Whether the resources of a running pod can be changed. */
  podsCanGrow: boolean;
  configuration: () => VirtConfiguration;
  autoLimits: FindAutoLimits;
  signal: AbortSignal;
}

export function createVmiReconciler(options: VmiControllerOptions): Reconciler<Observation, Action> {
  const { client, informers, events } = options;
  const context = { ...options, createFailures: new Map<string, string>() };
  return {
    name: "virtualmachineinstance",
    observe: async (key, signal) => {
      const observation = await observe(context, key, signal);
      if (observation === undefined) context.createFailures.delete(key);
      return observation;
    },
    plan,
    writeStatus,
    execute: (action, signal) => execute(context, action, signal),
  };

  async function writeStatus(observation: Observation, signal: AbortSignal): Promise<void> {
    const { vmi } = observation;
    const status = decideStatus(observation);
    if (sameJson(status, vmi.status)) return;
    try {
      await client.updateStatus(virtualMachineInstances, { ...vmi, status }, { signal });
    } catch (error) {
      // Gone meanwhile: the informer will tell.
      const isCurrent = informers.vmis.get(vmi.metadata?.namespace, vmi.metadata?.name ?? "") === vmi;
      if (!isStatus(error, "NotFound") || isCurrent) throw error;
    }
    const launcher = launcherOf(observation);
    for (const event of decideEvents(vmi, status, launcher && qemuExit(launcher)))
      events.record(vmi, event.type, event.reason, event.message);
  }
}

export function startVmiController(options: VmiControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createVmiReconciler(options), { signal, concurrency: 8 });
  enqueueOnChange(loop, informers.vmis);
  enqueueOnChange(loop, informers.pods, (pod) => ownerKeys(pod));
  enqueueOnChange(loop, informers.claims, (claim) => keysInNamespace(informers, claim.metadata?.namespace));
  informers.nodes.onChange(({ type, object, previous }) => {
    const isMoved = object.metadata?.labels?.[labels.schedulable] !== previous?.metadata?.labels?.[labels.schedulable];
    if (type !== "updated" || isMoved) for (const vmi of informers.vmis.list()) loop.enqueue(objectKey(vmi));
  });
  return loop;
}

function ownerKeys(pod: LauncherPod): string[] {
  const name = pod.metadata?.labels?.[labels.vmName];
  return name === undefined ? [] : [`${pod.metadata?.namespace}/${name}`];
}

function keysInNamespace(informers: Informers, namespace: string | undefined): string[] {
  return informers.vmis
    .list(namespace)
    .filter((vmi) => vmi.status?.phase === "Pending")
    .map(objectKey);
}
