/** Keeps an instance for each VirtualMachine that should run, and the VM's status true. */
import type { PersistentVolumeClaim } from "../../../api/core.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { execute } from "./execute.ts";
import { enteredMs, type Observation, vmiOf } from "./observation.ts";
import { type Action, plan } from "./plan.ts";
import { remainingBackoffMs, settledMs } from "./start-failure.ts";
import { decideStatus } from "./status.ts";

export interface VmInformers {
  vms: Informer<VirtualMachine>;
  vmis: Informer<VirtualMachineInstance>;
  claims: Informer<PersistentVolumeClaim>;
}

export interface VmControllerOptions {
  client: Client;
  informers: VmInformers;
  events: EventRecorder;
  signal: AbortSignal;
}

export function createVmReconciler(options: VmControllerOptions): Reconciler<Observation, Action> {
  const { client, informers, events } = options;
  const createFailures = new Map<string, string>();
  return {
    name: "virtualmachine",
    observe: (key) => {
      const observation = observe(informers, createFailures, key);
      if (observation === undefined || vmiOf(observation) !== undefined) createFailures.delete(key);
      return Promise.resolve(observation);
    },
    plan,
    writeStatus: (observation, signal) => writeStatus(client, observation, signal),
    execute: (action, signal) => execute({ client, events, createFailures }, action, signal),
    requeueAfterMs,
  };
}

function observe(
  informers: VmInformers,
  createFailures: ReadonlyMap<string, string>,
  key: string,
): Observation | undefined {
  const { namespace, name } = parseObjectKey(key);
  const vm = informers.vms.get(namespace, name);
  if (vm === undefined) return undefined;
  return {
    vm,
    instance: informers.vmis.get(namespace, name),
    hasUnboundClaim: hasUnboundClaim(vm, informers.claims),
    createFailure: createFailures.get(key),
    nowMs: Date.now(),
  };
}

function hasUnboundClaim(vm: VirtualMachine, claims: Informer<PersistentVolumeClaim>): boolean {
  return (vm.spec.template.spec.volumes ?? []).some((volume) => {
    const name = volume.persistentVolumeClaim?.claimName;
    return name !== undefined && claims.get(vm.metadata?.namespace, name)?.status?.phase === "Pending";
  });
}

async function writeStatus(client: Client, observation: Observation, signal: AbortSignal): Promise<void> {
  const { vm } = observation;
  const status = decideStatus(observation);
  if (sameJson(status, vm.status)) return;
  try {
    await client.updateStatus(virtualMachines, { ...vm, status }, { signal });
  } catch (error) {
    // Gone meanwhile: the informer will tell.
    if (!isStatus(error, "NotFound")) throw error;
  }
}

/** When a back-off ends, or when a start counts as a good one. */
function requeueAfterMs(observation: Observation): number | undefined {
  const backoffMs = remainingBackoffMs(observation);
  const vmi = vmiOf(observation);
  if (vmi === undefined) return backoffMs > 0 ? backoffMs : undefined;
  const ranFromMs = enteredMs(vmi, "Running");
  if (observation.vm.status?.startFailure === undefined || ranFromMs === undefined) return undefined;
  return Math.max(1000, ranFromMs + settledMs - observation.nowMs);
}

export function startVmController(options: VmControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createVmReconciler(options), { signal, concurrency: 8 });
  enqueueOnChange(loop, informers.vms);
  enqueueOnChange(loop, informers.vmis);
  enqueueOnChange(loop, informers.claims, (claim) => informers.vms.list(claim.metadata?.namespace).map(objectKey));
  return loop;
}
