/** Keeps an instance for each VirtualMachine that should run, and the VM's status true. */
import { type ControllerRevision, controllerRevisions } from "../../../api/apps.ts";
import type { PersistentVolumeClaim } from "../../../api/core.ts";
import type { ConfigurationSource } from "../../../api/kubevirt/configuration.ts";
import { matcherOf } from "../../../api/kubevirt/instancetype/matcher.ts";
import { matcherFields } from "../../../api/kubevirt/instancetype/specs.ts";
import { revisionLabels } from "../../../api/kubevirt/names.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import { claimNameOf } from "../../../api/kubevirt/volume-claim.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import { controllerOf } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { execute } from "./execute.ts";
import { findMadeOf } from "./made-of.ts";
import { enteredMs, isDeleting, type Observation, vmiOf } from "./observation.ts";
import { type Action, plan } from "./plan.ts";
import { remainingBackoffMs, settledMs } from "./start-failure.ts";
import { decideStatus } from "./status.ts";

export interface VmInformers {
  vms: Informer<VirtualMachine>;
  vmis: Informer<VirtualMachineInstance>;
  claims: Informer<PersistentVolumeClaim>;
  /** Those that are copies of instance types and preferences. */
  revisions: Informer<ControllerRevision>;
}

export interface VmControllerOptions {
  client: Client;
  informers: VmInformers;
  events: EventRecorder;
  configuration: ConfigurationSource;
  signal: AbortSignal;
}

/** How long after a machine's instance type was not there it is looked for again. */
const missingRetryMs = 10_000;

export function createVmReconciler(options: VmControllerOptions): Reconciler<Observation, Action> {
  const { client, events } = options;
  const createFailures = new Map<string, string>();
  return {
    name: "virtualmachine",
    async observe(key) {
      const observation = await observe(options, createFailures, key);
      if (observation === undefined || vmiOf(observation) !== undefined) createFailures.delete(key);
      return observation;
    },
    plan,
    writeStatus: (observation, signal) => writeStatus(client, observation, signal),
    execute: (action, signal) => execute({ client, events, createFailures }, action, signal),
    requeueAfterMs,
  };
}

async function observe(
  { client, informers, configuration }: VmControllerOptions,
  createFailures: ReadonlyMap<string, string>,
  key: string,
): Promise<Observation | undefined> {
  const { namespace, name } = parseObjectKey(key);
  const vm = informers.vms.get(namespace, name);
  if (vm === undefined) return undefined;
  const isPlain = matcherFields.every((field) => matcherOf(vm, field) === undefined) || isDeleting(vm);
  const sources = { client, revisions: informers.revisions, configuration };
  return {
    vm,
    instance: informers.vmis.get(namespace, name),
    madeOf: isPlain ? undefined : await findMadeOf(sources, vm),
    hasUnboundClaim: hasUnboundClaim(vm, informers.claims),
    configuration: configuration(),
    createFailure: createFailures.get(key),
    nowMs: Date.now(),
  };
}

/** Copies of instance types and preferences, by the label that no other controller's revisions have. */
export function createRevisionInformer(client: Client): Informer<ControllerRevision> {
  return createInformer(client, controllerRevisions, { labelSelector: revisionLabels.kind });
}

function hasUnboundClaim(vm: VirtualMachine, claims: Informer<PersistentVolumeClaim>): boolean {
  return (vm.spec.template.spec.volumes ?? []).some((volume) => {
    const name = claimNameOf(volume);
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

/** When a back-off ends, when a start counts as a good one, or when what was missing may be there. */
function requeueAfterMs(observation: Observation): number | undefined {
  if (observation.madeOf !== undefined && "missing" in observation.madeOf) return missingRetryMs;
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
  enqueueOnChange(loop, informers.revisions, ownerKeys);
  enqueueOnChange(loop, informers.claims, (claim) => informers.vms.list(claim.metadata?.namespace).map(objectKey));
  return loop;
}

function ownerKeys(revision: ControllerRevision): string[] {
  const owner = controllerOf(revision);
  return owner?.kind === virtualMachines.kind ? [`${revision.metadata?.namespace}/${owner.name}`] : [];
}
