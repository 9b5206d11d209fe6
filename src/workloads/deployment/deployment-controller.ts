/** Runs `plan.ts` over live Deployments and ReplicaSets. */
import { isDeepStrictEqual } from "node:util";
import { type Deployment, deployments, type ReplicaSet, replicaSets } from "../../../api/apps.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { controllerOf, controllerReference, isControlledBy } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { typed } from "../pods.ts";
import { overlayRecentWrites } from "../recent-writes.ts";
import {
  type DeploymentAction,
  type DeploymentObservation,
  planDeployment,
  replicasOf,
  revisionAnnotation,
  templateHashLabel,
} from "./plan.ts";
import { deploymentStatus } from "./status.ts";

export interface DeploymentControllerOptions {
  client: Client;
  deployments: Informer<Deployment>;
  replicaSets: Informer<ReplicaSet>;
  events: EventRecorder;
  signal: AbortSignal;
}

export function startDeploymentController(options: DeploymentControllerOptions): void {
  const loop = runReconciler(deploymentReconciler(options), { signal: options.signal });
  enqueueOnChange(loop, options.deployments);
  enqueueOnChange(loop, options.replicaSets, (set) => {
    const owner = controllerOf(set);
    return owner?.kind === "Deployment" ? [`${set.metadata?.namespace}/${owner.name}`] : [];
  });
}

function deploymentReconciler({
  client,
  deployments: informer,
  replicaSets: setInformer,
  events,
}: DeploymentControllerOptions): Reconciler<DeploymentObservation, DeploymentAction> {
  const setView = overlayRecentWrites(setInformer);

  return {
    name: "deployment",
    async observe(key) {
      await Promise.all([informer.synced(), setInformer.synced()]);
      const { namespace, name } = parseObjectKey(key);
      const found = informer.get(namespace, name);
      if (!found) return undefined;
      const deployment = typed(deployments, found);
      const owned = setView.list(namespace).filter((set) => isControlledBy(set, deployment));
      return { deployment, replicaSets: owned, nowMs: Date.now() };
    },
    plan: planDeployment,
    async writeStatus(observation) {
      const { deployment } = observation;
      const status = deploymentStatus(observation);
      if (!isDeepStrictEqual(comparable(deployment.status), comparable(status)))
        await client.updateStatus(deployments, { ...deployment, status });
    },
    execute,
  };

  async function execute(action: DeploymentAction): Promise<void> {
    switch (action.kind) {
      case "create":
        return create(action);
      case "scale":
        return scale(action.replicaSet, action.replicas, action.deployment);
      case "annotate":
        return annotate(action.replicaSet, action.revision);
      case "delete":
        return remove(action.replicaSet);
    }
  }

  async function create({
    deployment,
    name,
    replicas,
    revision,
  }: DeploymentAction & { kind: "create" }): Promise<void> {
    const { spec, metadata } = deployment;
    const hash = { [templateHashLabel]: name.slice((metadata?.name?.length ?? 0) + 1) };
    const set = await client.create(replicaSets, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name,
        namespace: metadata?.namespace,
        labels: { ...spec?.template.metadata?.labels, ...hash },
        annotations: { [revisionAnnotation]: String(revision) },
        ownerReferences: [controllerReference(deployments, deployment)],
      },
      spec: {
        replicas,
        minReadySeconds: spec?.minReadySeconds,
        selector: { ...spec?.selector, matchLabels: { ...spec?.selector.matchLabels, ...hash } },
        template: {
          ...spec?.template,
          metadata: { ...spec?.template.metadata, labels: { ...spec?.template.metadata?.labels, ...hash } },
        },
      },
    });
    setView.wrote(set);
    await markRevision(deployment, revision);
    events.record(deployment, "Normal", "ScalingReplicaSet", `Scaled up replica set ${name} to ${replicas}`);
  }

  async function scale(set: ReplicaSet, replicas: number, deployment: Deployment): Promise<void> {
    const before = replicasOf(set);
    const body = { metadata: { resourceVersion: set.metadata?.resourceVersion }, spec: { replicas } };
    setView.wrote(await client.patch(replicaSets, keyOf(set), { type: "merge", body }));
    const direction = replicas > before ? "up" : "down";
    const text = `Scaled ${direction} replica set ${set.metadata?.name} to ${replicas} from ${before}`;
    events.record(deployment, "Normal", "ScalingReplicaSet", text);
  }

  async function annotate(set: ReplicaSet, revision: number): Promise<void> {
    const body = { metadata: { annotations: { [revisionAnnotation]: String(revision) } } };
    setView.wrote(await client.patch(replicaSets, keyOf(set), { type: "merge", body }));
    const owner = informer.get(set.metadata?.namespace, controllerOf(set)?.name ?? "");
    if (owner) await markRevision(owner, revision);
  }

  async function markRevision(deployment: Deployment, revision: number): Promise<void> {
    const body = { metadata: { annotations: { [revisionAnnotation]: String(revision) } } };
    await client.patch(deployments, keyOf(deployment), { type: "merge", body });
  }

  async function remove(set: ReplicaSet): Promise<void> {
    const uid = set.metadata?.uid;
    try {
      await client.delete(replicaSets, keyOf(set), { ...(uid !== undefined && { preconditions: { uid } }) });
    } catch (error) {
      if (!isStatus(error, "NotFound", "Conflict")) throw error;
    }
  }
}

/** Fields that the server leaves out when they are 0 count as 0. */
function comparable(status: object | undefined): unknown {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== 0));
}

function keyOf({ metadata }: Deployment | ReplicaSet): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" };
}
