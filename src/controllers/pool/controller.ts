/** Keeps as many machines of a template as a VirtualMachinePool asks for, each with a number of its own. */
import type { Node } from "../../../api/core.ts";
import { type VirtualMachinePool, virtualMachinePools } from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { controllerOf, isControlledBy } from "../../runtime/owner-references.ts";
import { overlayRecentWrites } from "../../runtime/recent-writes.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { type Failure, pauseEvent } from "../sets/conditions.ts";
import { healthOf } from "./autohealing.ts";
import { execute } from "./execute.ts";
import { activeMembersOf, type Machine, type Observation } from "./observation.ts";
import { type Action, plan } from "./plan.ts";
import { decideStatus } from "./status.ts";

export interface PoolInformers {
  pools: Informer<VirtualMachinePool>;
  vms: Informer<VirtualMachine>;
  vmis: Informer<VirtualMachineInstance>;
  nodes: Informer<Node>;
}

export interface PoolControllerOptions {
  client: Client;
  informers: PoolInformers;
  events: EventRecorder;
  signal: AbortSignal;
}

export function createPoolReconciler(options: PoolControllerOptions): Reconciler<Observation, Action> {
  const { client, informers, events } = options;
  const failures = new Map<string, Failure>();
  const vms = overlayRecentWrites(informers.vms);
  return {
    name: "virtualmachinepool",
    observe(key) {
      const { namespace, name } = parseObjectKey(key);
      const pool = informers.pools.get(namespace, name);
      if (pool === undefined) failures.delete(key);
      return Promise.resolve(pool && observe(informers, pool, vms.list(namespace), failures.get(key)));
    },
    plan,
    writeStatus: (observation, signal) => writeStatus(options, observation, signal),
    execute: (action, signal) => execute({ client, events, vms, failures }, action, signal),
    requeueAfterMs,
  };
}

function observe(
  { vmis, nodes }: PoolInformers,
  pool: VirtualMachinePool,
  vms: readonly VirtualMachine[],
  failure: Failure | undefined,
): Observation {
  const machineOf = (vm: VirtualMachine): Machine => {
    const instance = vmis.get(vm.metadata?.namespace, vm.metadata?.name ?? "");
    const vmi = instance && isControlledBy(instance, vm) ? instance : undefined;
    const nodeName = vmi?.status?.nodeName;
    const nodeLabels = nodeName ? nodes.get(undefined, nodeName)?.metadata?.labels : undefined;
    return { vm, vmi, nodeLabels };
  };
  return {
    pool,
    owned: vms.filter((vm) => isControlledBy(vm, pool)).map(machineOf),
    takenNames: new Set(vms.map(({ metadata }) => metadata?.name ?? "")),
    failure,
    nowMs: Date.now(),
  };
}

async function writeStatus(
  { client, events }: PoolControllerOptions,
  observation: Observation,
  signal: AbortSignal,
): Promise<void> {
  const { pool } = observation;
  const status = decideStatus(observation);
  if (sameJson(status, pool.status)) return;
  try {
    await client.updateStatus(virtualMachinePools, { ...pool, status }, { signal });
  } catch (error) {
    // Gone meanwhile: the informer will tell.
    if (isStatus(error, "NotFound")) return;
    throw error;
  }
  const event = pauseEvent(pool.status?.conditions, status.conditions);
  if (event) events.record(pool, "Normal", event.reason, event.message);
}

/** Nobody tells when a machine has failed for long enough. */
function requeueAfterMs(observation: Observation): number | undefined {
  const { pool, nowMs } = observation;
  const waits = activeMembersOf(observation).flatMap(({ vm }) => {
    const health = healthOf(pool, vm, nowMs);
    return typeof health === "object" ? [health.givenUpInMs] : [];
  });
  return waits.length > 0 ? Math.min(...waits) : undefined;
}

export function startPoolController(options: PoolControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createPoolReconciler(options), { signal });
  const keysOf = (vm: VirtualMachine | undefined): string[] => {
    const owner = vm && controllerOf(vm);
    return owner?.kind === virtualMachinePools.kind ? [`${vm?.metadata?.namespace}/${owner.name}`] : [];
  };
  enqueueOnChange(loop, informers.pools);
  enqueueOnChange(loop, informers.vms, keysOf);
  enqueueOnChange(loop, informers.vmis, ({ metadata }) =>
    keysOf(informers.vms.get(metadata?.namespace, metadata?.name ?? "")),
  );
  return loop;
}
