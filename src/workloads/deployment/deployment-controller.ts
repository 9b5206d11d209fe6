/** Runs `plan.ts` over live Deployments and ReplicaSets. */
import { isDeepStrictEqual } from "node:util";
import { type Deployment, deployments, type ReplicaSet, replicaSets } from "../../../api/apps.ts";
import type { Pod } from "../../../api/core.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import { controllerOf, controllerReference, isControlledBy } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { hasEnded, typed } from "../pods.ts";
import { overlayRecentWrites } from "../../runtime/recent-writes.ts";
import {
  type DeploymentAction,
  type DeploymentObservation,
  planDeployment,
  replicasOf,
  revisionAnnotation,
  templateHashLabel,
} from "./plan.ts";
import { deploymentStatus, nextJudgementMs } from "./status.ts";

export interface DeploymentControllerOptions {
  client: Client;
  deployments: Informer<Deployment>;
  replicaSets: Informer<ReplicaSet>;
  pods: Informer<Pod>;
  events: EventRecorder;
  signal: AbortSignal;
}

export function startDeploymentController(options: DeploymentControllerOptions): void {
  const loop = runReconciler(deploymentReconciler(options), { signal: options.signal });
  enqueueOnChange(loop, options.deployments);
  enqueueOnChange(loop, options.replicaSets, (set) => {
    const owner = controllerOf(set);
    if (owner) return owner.kind === "Deployment" ? [`${set.metadata?.namespace}/${owner.name}`] : [];
    return options.deployments
      .list(set.metadata?.namespace)
      .filter(({ spec }) => selects(spec?.selector, set))
      .map(objectKey);
  });
  // `Recreate` waits for the last old pod.
  options.pods.onChange(({ type, object }) => {
    const owner = type === "deleted" || hasEnded(object) ? controllerOf(object) : undefined;
    const set = owner && options.replicaSets.get(object.metadata?.namespace, owner.name);
    const deployment = set && controllerOf(set);
    if (deployment?.kind === "Deployment") loop.enqueue(`${object.metadata?.namespace}/${deployment.name}`);
  });
}

function deploymentReconciler(
  options: DeploymentControllerOptions,
): Reconciler<DeploymentObservation, DeploymentAction> {
  const { client, deployments: informer, replicaSets: setInformer, events } = options;
  const setView = overlayRecentWrites(setInformer);

  return {
    name: "deployment",
    async observe(key) {
      await Promise.all([informer.synced(), setInformer.synced(), options.pods.synced()]);
      const { namespace, name } = parseObjectKey(key);
      const found = informer.get(namespace, name);
      if (!found) return undefined;
      const deployment = typed(deployments, found);
      const sets = setView.list(namespace);
      return {
        deployment,
        replicaSets: sets.filter((set) => isControlledBy(set, deployment)),
        pods: options.pods
          .list(namespace)
          .filter((pod) => !hasEnded(pod) && sets.some((set) => isControlledBy(pod, set))),
        orphans: sets.filter((set) => !controllerOf(set) && selects(deployment.spec?.selector, set)),
        nowMs: Date.now(),
      };
    },
    plan: planDeployment,
    async writeStatus(observation) {
      const { deployment } = observation;
      const status = deploymentStatus(observation);
      if (!isDeepStrictEqual(comparable(deployment.status), comparable(status)))
        await client.updateStatus(deployments, { ...deployment, status });
    },
    execute,
    requeueAfterMs: nextJudgementMs,
  };

  async function execute(action: DeploymentAction): Promise<void> {
    switch (action.kind) {
      case "create":
        return create(action);
      case "scale":
        return scale(action.replicaSet, action.replicas, action.deployment);
      case "adopt":
        return adopt(action.replicaSet, action.deployment);
      case "refresh":
        return refresh(action.replicaSet, action.revision, action.deployment);
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
        annotations: { ...inherited(deployment), [revisionAnnotation]: String(revision) },
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

  async function adopt(set: ReplicaSet, deployment: Deployment): Promise<void> {
    const ownerReferences = [controllerReference(deployments, deployment)];
    const body = { metadata: { uid: set.metadata?.uid, ownerReferences } };
    setView.wrote(await client.patch(replicaSets, keyOf(set), { type: "strategic", body }));
  }

  async function refresh(set: ReplicaSet, revision: number, deployment: Deployment): Promise<void> {
    const annotations = { ...inherited(deployment), [revisionAnnotation]: String(revision) };
    const body = { metadata: { annotations }, spec: { minReadySeconds: deployment.spec?.minReadySeconds ?? 0 } };
    setView.wrote(await client.patch(replicaSets, keyOf(set), { type: "merge", body }));
    await markRevision(deployment, revision);
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

/** A ReplicaSet tells in `kubectl rollout history` why it came to be. */
function inherited({ metadata }: Deployment): Record<string, string> {
  const own = [revisionAnnotation, "kubectl.kubernetes.io/last-applied-configuration"];
  return Object.fromEntries(Object.entries(metadata?.annotations ?? {}).filter(([key]) => !own.includes(key)));
}

/** Fields that the server leaves out when they are 0 count as 0. */
function comparable(status: object | undefined): unknown {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== 0));
}

function keyOf({ metadata }: Deployment | ReplicaSet): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" };
}
