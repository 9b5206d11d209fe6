/** Keeps as many instances of a template as a VirtualMachineInstanceReplicaSet asks for. */
import {
  type VirtualMachineInstanceReplicaSet,
  virtualMachineInstanceReplicaSets,
} from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import { controllerOf, isControlledBy } from "../../runtime/owner-references.ts";
import { overlayRecentWrites } from "../../runtime/recent-writes.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { type Failure, pauseEvent } from "../sets/conditions.ts";
import { execute } from "./execute.ts";
import type { Observation } from "./observation.ts";
import { type Action, plan } from "./plan.ts";
import { decideStatus } from "./status.ts";

export interface ReplicaSetControllerOptions {
  client: Client;
  informers: { sets: Informer<VirtualMachineInstanceReplicaSet>; vmis: Informer<VirtualMachineInstance> };
  events: EventRecorder;
  signal: AbortSignal;
}

export function createReplicaSetReconciler(options: ReplicaSetControllerOptions): Reconciler<Observation, Action> {
  const { client, informers, events } = options;
  const failures = new Map<string, Failure>();
  const vmis = overlayRecentWrites(informers.vmis);
  return {
    name: "virtualmachineinstancereplicaset",
    observe(key) {
      const { namespace, name } = parseObjectKey(key);
      const set = informers.sets.get(namespace, name);
      if (set === undefined) failures.delete(key);
      return Promise.resolve(set && observe(set, vmis.list(namespace), failures.get(key)));
    },
    plan,
    writeStatus: (observation, signal) => writeStatus(options, observation, signal),
    execute: (action, signal) => execute({ client, events, vmis, failures }, action, signal),
  };
}

function observe(
  set: VirtualMachineInstanceReplicaSet,
  vmis: readonly VirtualMachineInstance[],
  failure: Failure | undefined,
): Observation {
  return {
    set,
    owned: vmis.filter((vmi) => isControlledBy(vmi, set)),
    orphans: vmis.filter((vmi) => !controllerOf(vmi) && selects(set.spec.selector, vmi)),
    failure,
    nowMs: Date.now(),
  };
}

async function writeStatus(
  { client, events }: ReplicaSetControllerOptions,
  observation: Observation,
  signal: AbortSignal,
): Promise<void> {
  const { set } = observation;
  const status = decideStatus(observation);
  if (sameJson(status, set.status)) return;
  try {
    await client.updateStatus(virtualMachineInstanceReplicaSets, { ...set, status }, { signal });
  } catch (error) {
    // Gone meanwhile: the informer will tell.
    if (isStatus(error, "NotFound")) return;
    throw error;
  }
  const event = pauseEvent(set.status?.conditions, status.conditions);
  if (event) events.record(set, "Normal", event.reason, event.message);
}

export function startReplicaSetController(options: ReplicaSetControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createReplicaSetReconciler(options), { signal });
  enqueueOnChange(loop, informers.sets);
  enqueueOnChange(loop, informers.vmis, (vmi) => setKeysOf(vmi, informers.sets));
  return loop;
}

/** Its owner's; of one that nobody owns, those that may adopt it. */
function setKeysOf(vmi: VirtualMachineInstance, sets: Informer<VirtualMachineInstanceReplicaSet>): string[] {
  const owner = controllerOf(vmi);
  const namespace = vmi.metadata?.namespace;
  if (owner) return owner.kind === virtualMachineInstanceReplicaSets.kind ? [`${namespace}/${owner.name}`] : [];
  return sets
    .list(namespace)
    .filter((set) => selects(set.spec.selector, vmi))
    .map(objectKey);
}
