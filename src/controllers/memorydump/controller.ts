/** Brings the memory of running guests into claims, as VirtualMachines ask for it. */
import { type PersistentVolumeClaim, type Pod, pods } from "../../../api/core.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { dumpApp, dumpOfLabel, dumpPhases, type MemoryDumpRequest } from "../../../api/kubevirt/memory-dump.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { ObjectMeta } from "../../../api/meta.ts";
import { isStatus, messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import { deleteThis } from "../../client/delete-this.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { isAsked, type Observation } from "./observation.ts";
import { type Action, plan } from "./plan.ts";
import { renderDumpPod } from "./pod.ts";
import { decideRequest } from "./request.ts";

export interface MemoryDumpInformers {
  vms: Informer<VirtualMachine>;
  vmis: Informer<VirtualMachineInstance>;
  dumpPods: Informer<Pod>;
  claims: Informer<PersistentVolumeClaim>;
}

export interface MemoryDumpControllerOptions {
  client: Client;
  informers: MemoryDumpInformers;
  events: EventRecorder;
  launcherImage: string;
  configuration: () => VirtConfiguration;
  signal: AbortSignal;
}

const byMachine = "machine";

export const dumpPodIndexes = { [byMachine]: (pod: Pod): string[] => [machineOf(pod)] };

export function createDumpPodInformer(client: Client): Informer<Pod> {
  return createInformer(client, pods, { labelSelector: `${labels.app}=${dumpApp}`, indexes: dumpPodIndexes });
}

const machineOf = ({ metadata }: Pod): string => `${metadata?.namespace}/${metadata?.labels?.[dumpOfLabel]}`;

export function createMemoryDumpReconciler(options: MemoryDumpControllerOptions): Reconciler<Observation, Action> {
  return {
    name: "memorydump",
    observe: (key) => Promise.resolve(observe(options.informers, key)),
    plan,
    writeStatus: (observation, signal) => writeStatus(options, observation, signal),
    execute: (action, signal) => execute(options, action, signal),
  };
}

/** Undefined when there is nothing to do about dumps. A pod whose machine is gone goes with its instance. */
function observe({ vms, vmis, dumpPods, claims }: MemoryDumpInformers, key: string): Observation | undefined {
  const { namespace, name } = parseObjectKey(key);
  const vm = vms.get(namespace, name);
  const [pod] = dumpPods.byIndex(byMachine, key);
  const instance = vmis.get(namespace, name);
  const vmi = vm && instance && isControlledBy(instance, vm) ? instance : undefined;
  // The request may have gone by a copy of the instance that did not show yet that it was asked.
  if (vm === undefined || !(vm.status?.memoryDumpRequest ?? pod ?? isAsked(vmi))) return undefined;
  const claim = claims.get(namespace, vm.status?.memoryDumpRequest?.claimName ?? "");
  return { vm, vmi, pod, claim, now: new Date() };
}

async function writeStatus(
  { client, events }: MemoryDumpControllerOptions,
  observation: Observation,
  signal: AbortSignal,
): Promise<void> {
  const { vm } = observation;
  const { memoryDumpRequest: before, ...status } = vm.status ?? {};
  const memoryDumpRequest = decideRequest(observation);
  if (sameJson(memoryDumpRequest, before)) return;
  const updated = { ...vm, status: { ...status, ...(memoryDumpRequest && { memoryDumpRequest }) } };
  try {
    await client.updateStatus(virtualMachines, updated, { signal });
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    throw error;
  }
  if (memoryDumpRequest && memoryDumpRequest.phase !== before?.phase) tell(events, vm, memoryDumpRequest);
}

function tell(events: EventRecorder, vm: VirtualMachine, { phase, claimName, message, fileName }: MemoryDumpRequest) {
  if (phase === dumpPhases.inProgress)
    events.record(vm, "Normal", "MemoryDumpInProgress", `The guest's memory is to be written to claim ${claimName}`);
  if (phase === dumpPhases.unmounting)
    events.record(vm, "Normal", "MemoryDumpCompleted", `The guest's memory is in ${fileName} of claim ${claimName}`);
  if (phase === dumpPhases.failed)
    events.record(vm, "Warning", "MemoryDumpFailed", `No memory dump in claim ${claimName}: ${message}`);
}

async function execute(options: MemoryDumpControllerOptions, action: Action, signal: AbortSignal): Promise<void> {
  const { client } = options;
  try {
    if (action.type === "updateVm") await client.update(virtualMachines, action.vm, { signal });
    else if (action.type === "updateVmi") await client.update(virtualMachineInstances, action.vmi, { signal });
    else if (action.type === "createPod") await createPod(options, action, signal);
    else await deleteThis(client, pods, action.pod, { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

async function createPod(
  { client, events, launcherImage, configuration }: MemoryDumpControllerOptions,
  action: Action & { type: "createPod" },
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.create(pods, renderDumpPod({ ...action, launcherImage, configuration: configuration() }), { signal });
  } catch (error) {
    if (isStatus(error, "AlreadyExists") || signal.aborted) return;
    events.record(action.vmi, "Warning", "FailedCreate", `Error creating memory dump pod: ${messageOf(error)}`);
    throw error;
  }
}

export function startMemoryDumpController(options: MemoryDumpControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createMemoryDumpReconciler(options), { signal });
  enqueueOnChange(loop, informers.vms);
  enqueueOnChange(loop, informers.vmis);
  enqueueOnChange(loop, informers.dumpPods, (pod) => [machineOf(pod)]);
  enqueueOnChange(loop, informers.claims, ({ metadata }) => dumpingInto(informers.vms, metadata));
  return loop;
}

function dumpingInto(vms: Informer<VirtualMachine>, claim: ObjectMeta | undefined): string[] {
  const machines = vms.list(claim?.namespace);
  return machines.filter(({ status }) => status?.memoryDumpRequest?.claimName === claim?.name).map(objectKey);
}
