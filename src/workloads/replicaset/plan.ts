/** ReplicaSet: as many live pods as asked for. Pure. */
import type { ReplicaSet, ReplicaSetStatus } from "../../../api/apps.ts";
import type { Pod } from "../../../api/core.ts";
import { byRemovalPreference, isActive, isAvailable, isReady } from "../pods.ts";

export interface ReplicaSetObservation {
  replicaSet: ReplicaSet;
  /** Pods that it controls. */
  owned: readonly Pod[];
  /** Pods that match its selector and have no controller. */
  orphans: readonly Pod[];
  nowMs: number;
}

export type ReplicaSetAction =
  | { kind: "adopt"; pod: Pod }
  | { kind: "create"; count: number; replicaSet: ReplicaSet }
  | { kind: "delete"; pod: Pod; replicaSet: ReplicaSet };

/** Pods created in one pass; the rest follows when these are seen, so that a refused pod costs one request. */
const largestBurst = 50;

export function planReplicaSet({ replicaSet, owned, orphans }: ReplicaSetObservation): ReplicaSetAction[] {
  if (replicaSet.metadata?.deletionTimestamp) return [];
  const adoptions = orphans.filter(isActive).map((pod) => ({ kind: "adopt" as const, pod }));
  const active = owned.filter(isActive);
  const missing = (replicaSet.spec?.replicas ?? 1) - active.length - adoptions.length;
  if (missing > 0) return [...adoptions, { kind: "create", count: Math.min(missing, largestBurst), replicaSet }];
  const surplus = active.sort(byRemovalPreference).slice(0, -missing);
  return [...adoptions, ...surplus.map((pod) => ({ kind: "delete" as const, pod, replicaSet }))];
}

export function replicaSetStatus({ replicaSet, owned, nowMs }: ReplicaSetObservation): ReplicaSetStatus {
  const active = owned.filter(isActive);
  const templateLabels = Object.entries(replicaSet.spec?.template?.metadata?.labels ?? {});
  const labelled = active.filter((pod) =>
    templateLabels.every(([key, value]) => pod.metadata?.labels?.[key] === value),
  );
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const conditions = replicaSet.status?.conditions;
  return {
    replicas: active.length,
    fullyLabeledReplicas: labelled.length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length,
    observedGeneration: replicaSet.metadata?.generation ?? 0,
    ...(conditions && { conditions }),
  };
}
