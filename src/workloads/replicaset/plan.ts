/** ReplicaSet: as many live pods as asked for. Pure. */
import type { ReplicaSet, ReplicaSetStatus } from "../../../api/apps.ts";
import type { Pod } from "../../../api/core.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
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
  | { kind: "adopt"; pod: Pod; replicaSet: ReplicaSet }
  | { kind: "release"; pod: Pod; replicaSet: ReplicaSet }
  | { kind: "create"; count: number; replicaSet: ReplicaSet }
  | { kind: "delete"; pod: Pod; replicaSet: ReplicaSet };

/** Pods created in one pass; the rest follows when these are seen, so that a refused pod costs one request. */
const largestBurst = 50;

export function planReplicaSet({ replicaSet, owned, orphans }: ReplicaSetObservation): ReplicaSetAction[] {
  if (replicaSet.metadata?.deletionTimestamp) return [];
  const active = owned.filter(isActive);
  const [members, strangers] = partition(active, (pod) => selects(replicaSet.spec?.selector, pod));
  const moves = [
    ...orphans.filter(isActive).map((pod) => ({ kind: "adopt" as const, pod, replicaSet })),
    // Someone changed the pod's labels to take it out: it lives on by itself.
    ...strangers.map((pod) => ({ kind: "release" as const, pod, replicaSet })),
  ];
  // With the adopted ones there may be too many: they count in the next pass, when they are ours.
  if (moves.length > 0) return moves;
  const missing = (replicaSet.spec?.replicas ?? 1) - members.length;
  if (missing > 0) return [{ kind: "create", count: Math.min(missing, largestBurst), replicaSet }];
  const surplus = members.sort(byRemovalPreference).slice(0, -missing);
  return surplus.map((pod) => ({ kind: "delete", pod, replicaSet }));
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

export function replicaSetStatus({ replicaSet, owned, nowMs }: ReplicaSetObservation): ReplicaSetStatus {
  const active = owned.filter((pod) => isActive(pod) && selects(replicaSet.spec?.selector, pod));
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
