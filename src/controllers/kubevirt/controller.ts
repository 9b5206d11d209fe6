/** Keeps the status of KubeVirt resources true: which one counts, what of it is honoured, how far vmpod's own workloads are. */
import { daemonSets, deployments } from "../../../api/apps.ts";
import { type KubeVirt, kubeVirts } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isMarkedOutdated } from "../../../api/kubevirt/workload-update.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { authoritative } from "../../runtime/virt-configuration.ts";
import { daemonSetProgress, deploymentProgress, type WorkloadProgress } from "../../runtime/workload-progress.ts";
import type { Observation } from "./observation.ts";
import { decideStatus } from "./status.ts";

/** The workloads that vmpod itself consists of, where it is made of pods. */
export interface OwnWorkloads {
  namespace: string;
  deployments: readonly string[];
  daemonSets: readonly string[];
}

export interface KubeVirtControllerOptions {
  client: Client;
  kubeVirts: Informer<KubeVirt>;
  vmis: Informer<VirtualMachineInstance>;
  version: string;
  workloads?: OwnWorkloads | undefined;
  signal: AbortSignal;
}

export function startKubeVirtController(options: KubeVirtControllerOptions): ReconcilerLoop {
  const { client, workloads, signal } = options;
  const own = workloads && watchWorkloads(client, workloads, signal);
  const components = () => own?.components() ?? Promise.resolve([]);
  const loop = runReconciler(createKubeVirtReconciler({ ...options, components }), { signal, concurrency: 1 });
  /** Which one counts may change with any of them. */
  const all = (): string[] => options.kubeVirts.list().map(objectKey);
  enqueueOnChange(loop, options.kubeVirts, (changed) => [objectKey(changed), ...all()]);
  options.vmis.onChange(({ type, object, previous }) => {
    const before = type === "updated" && previous !== undefined && isMarkedOutdated(previous);
    if (isMarkedOutdated(object) !== before) for (const key of all()) loop.enqueue(key);
  });
  own?.onChange(() => {
    for (const key of all()) loop.enqueue(key);
  });
  return loop;
}

interface ReconcilerContext extends Pick<KubeVirtControllerOptions, "client" | "kubeVirts" | "vmis" | "version"> {
  components(): Promise<WorkloadProgress[]>;
}

export function createKubeVirtReconciler(context: ReconcilerContext): Reconciler<Observation, never> {
  return {
    name: "kubevirt",
    observe: (key) => observe(context, key),
    plan: () => [],
    writeStatus: (observation, signal) => writeStatus(context.client, observation, signal),
    execute: () => Promise.resolve(),
  };
}

async function observe(context: ReconcilerContext, key: string): Promise<Observation | undefined> {
  const components = await context.components();
  const { namespace, name } = parseObjectKey(key);
  const kubevirt = context.kubeVirts.get(namespace, name);
  if (kubevirt === undefined) return undefined;
  const counting = authoritative(context.kubeVirts.list());
  return {
    kubevirt,
    overruledBy: counting && objectKey(counting) !== key ? objectKey(counting) : undefined,
    components,
    outdatedWorkloads: context.vmis.list().filter(isMarkedOutdated).length,
    version: context.version,
    now: timestamp(),
  };
}

async function writeStatus(client: Client, observation: Observation, signal: AbortSignal): Promise<void> {
  const { kubevirt } = observation;
  const status = decideStatus(observation);
  if (sameJson(status, kubevirt.status)) return;
  try {
    await client.updateStatus(kubeVirts, { ...kubevirt, status }, { signal });
  } catch (error) {
    // Gone meanwhile: the informer will tell.
    if (!isStatus(error, "NotFound")) throw error;
  }
}

interface WatchedWorkloads {
  /** Waits until they were read: what was not looked at yet is not missing. */
  components(): Promise<WorkloadProgress[]>;
  onChange(handler: () => void): void;
}

function watchWorkloads(client: Client, workloads: OwnWorkloads, signal: AbortSignal): WatchedWorkloads {
  const { namespace } = workloads;
  const ownDeployments = createInformer(client, deployments, { namespace });
  const ownDaemonSets = createInformer(client, daemonSets, { namespace });
  ownDeployments.start(signal);
  ownDaemonSets.start(signal);
  return {
    async components() {
      await Promise.all([ownDeployments.synced(), ownDaemonSets.synced()]);
      return [
        ...workloads.deployments.map((name) => deploymentProgress(name, ownDeployments.get(namespace, name))),
        ...workloads.daemonSets.map((name) => daemonSetProgress(name, ownDaemonSets.get(namespace, name))),
      ];
    },
    onChange(handler) {
      ownDeployments.onChange(handler);
      ownDaemonSets.onChange(handler);
    },
  };
}
