/** Runs `plan.ts` over live ReplicaSets and pods. */
import { isDeepStrictEqual } from "node:util";
import { type ReplicaSet, replicaSets } from "../../../api/apps.ts";
import { type Pod, pods } from "../../../api/core.ts";
import { isStatus, messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import { controllerOf, controllerReference, isControlledBy } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { podFromTemplate, typed } from "../pods.ts";
import { overlayRecentWrites } from "../../runtime/recent-writes.ts";
import { planReplicaSet, type ReplicaSetAction, type ReplicaSetObservation, replicaSetStatus } from "./plan.ts";

export interface ReplicaSetControllerOptions {
  client: Client;
  replicaSets: Informer<ReplicaSet>;
  pods: Informer<Pod>;
  events: EventRecorder;
  signal: AbortSignal;
}

export function startReplicaSetController(options: ReplicaSetControllerOptions): void {
  const loop = runReconciler(replicaSetReconciler(options), { signal: options.signal });
  enqueueOnChange(loop, options.replicaSets);
  enqueueOnChange(loop, options.pods, (pod) => {
    const owner = controllerOf(pod);
    if (owner) return owner.kind === "ReplicaSet" ? [`${pod.metadata?.namespace}/${owner.name}`] : [];
    return options.replicaSets
      .list(pod.metadata?.namespace)
      .filter((set) => selects(set.spec?.selector, pod))
      .map(objectKey);
  });
}

function replicaSetReconciler({
  client,
  replicaSets: sets,
  pods: podInformer,
  events,
}: ReplicaSetControllerOptions): Reconciler<ReplicaSetObservation, ReplicaSetAction> {
  const podView = overlayRecentWrites(podInformer);

  return {
    name: "replicaset",
    async observe(key) {
      await Promise.all([sets.synced(), podInformer.synced()]);
      const { namespace, name } = parseObjectKey(key);
      const found = sets.get(namespace, name);
      if (!found) return undefined;
      const replicaSet = typed(replicaSets, found);
      const matching = podView.list(namespace);
      return {
        replicaSet,
        owned: matching.filter((pod) => isControlledBy(pod, replicaSet)),
        orphans: matching.filter((pod) => !controllerOf(pod) && selects(replicaSet.spec?.selector, pod)),
        nowMs: Date.now(),
      };
    },
    plan: planReplicaSet,
    async writeStatus(observation) {
      const status = replicaSetStatus(observation);
      if (isDeepStrictEqual({ ...observation.replicaSet.status }, status)) return;
      await client.updateStatus(replicaSets, { ...observation.replicaSet, status });
    },
    execute,
    requeueAfterMs: ({ replicaSet, owned }) => {
      const minReadyMs = (replicaSet.spec?.minReadySeconds ?? 0) * 1000;
      const waiting = (replicaSet.status?.availableReplicas ?? 0) < owned.length;
      return minReadyMs > 0 && waiting ? minReadyMs : undefined;
    },
  };

  async function execute(action: ReplicaSetAction): Promise<void> {
    switch (action.kind) {
      case "adopt":
        return adopt(action.pod, action.replicaSet);
      case "release":
        return release(action.pod, action.replicaSet);
      case "create":
        for (let n = 0; n < action.count; n += 1) await create(action.replicaSet);
        return;
      case "delete":
        return remove(action.pod, action.replicaSet);
    }
  }

  async function create(replicaSet: ReplicaSet): Promise<void> {
    const template = replicaSet.spec?.template ?? {};
    try {
      const pod = await client.create(pods, podFromTemplate(template, replicaSets, replicaSet));
      podView.wrote(pod);
      events.record(replicaSet, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata?.name}`);
    } catch (error) {
      events.record(replicaSet, "Warning", "FailedCreate", `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  async function adopt(pod: Pod, replicaSet: ReplicaSet): Promise<void> {
    const reference = controllerReference(replicaSets, replicaSet);
    const body = { metadata: { uid: pod.metadata?.uid, ownerReferences: [reference] } };
    podView.wrote(await client.patch(pods, keyOf(pod), { type: "strategic", body }));
  }

  async function release(pod: Pod, replicaSet: ReplicaSet): Promise<void> {
    const ownerReferences = [{ $patch: "delete", uid: replicaSet.metadata?.uid }];
    const body = { metadata: { uid: pod.metadata?.uid, ownerReferences } };
    podView.wrote(await client.patch(pods, keyOf(pod), { type: "strategic", body }));
  }

  async function remove(pod: Pod, replicaSet: ReplicaSet): Promise<void> {
    const uid = pod.metadata?.uid;
    try {
      await client.delete(pods, keyOf(pod), { ...(uid !== undefined && { preconditions: { uid } }) });
    } catch (error) {
      if (!isStatus(error, "NotFound", "Conflict")) throw error;
    }
    podView.deleted(pod);
    events.record(replicaSet, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata?.name}`);
  }
}

function keyOf(pod: Pod): { namespace: string; name: string } {
  return { namespace: pod.metadata?.namespace ?? "", name: pod.metadata?.name ?? "" };
}
