/**
 * Deployment: one ReplicaSet per pod template; the newest grows while the others shrink, never leaving the bounds of
 * maxSurge and maxUnavailable. Pure.
 */
import { createHash } from "node:crypto";
import type { Deployment, ReplicaSet } from "../../../api/apps.ts";
import type { Pod } from "../../../api/core.ts";
import { isDeepStrictEqual } from "node:util";
import { isControlledBy } from "../../runtime/owner-references.ts";
import { selects } from "../../apimachinery/selector/selects.ts";

export interface DeploymentObservation {
  deployment: Deployment;
  /** ReplicaSets that it controls. */
  replicaSets: readonly ReplicaSet[];
  /** ReplicaSets that its selector matches and nobody controls, e.g. left by `kubectl delete --cascade=orphan`. */
  orphans: readonly ReplicaSet[];
  /** Pods of its ReplicaSets that have not ended, also those being deleted. */
  pods: readonly Pod[];
  nowMs: number;
}

export type DeploymentAction =
  | { kind: "create"; name: string; replicas: number; revision: number; deployment: Deployment }
  | { kind: "scale"; replicaSet: ReplicaSet; replicas: number; deployment: Deployment }
  | { kind: "adopt"; replicaSet: ReplicaSet; deployment: Deployment }
  | { kind: "refresh"; replicaSet: ReplicaSet; revision: number; deployment: Deployment }
  | { kind: "delete"; replicaSet: ReplicaSet };

export const revisionAnnotation = "deployment.kubernetes.io/revision";
export const templateHashLabel = "pod-template-hash";
const defaultHistory = 10;

export function planDeployment(observation: DeploymentObservation): DeploymentAction[] {
  const { deployment, replicaSets, orphans } = observation;
  const { spec } = deployment;
  if (!spec || deployment.metadata?.deletionTimestamp) return [];
  const adoptable = orphans.filter((set) => !set.metadata?.deletionTimestamp && selects(spec.selector, set));
  if (adoptable.length > 0) return adoptable.map((replicaSet) => ({ kind: "adopt", replicaSet, deployment }));
  const current = currentReplicaSet(deployment, replicaSets);
  const old = replicaSets.filter((set) => set !== current);
  if (spec.paused) return scaleOnly(deployment, current, old);
  const revision = nextRevision(current, replicaSets);
  // A status that speaks of an earlier size may tell of too few pods, or of available ones that are gone.
  if (!replicaSets.every(isObserved)) return [];
  const isRecreate = spec.strategy?.type === "Recreate";
  if (isRecreate && current === undefined && !isEmptied(old, observation.pods)) return scaleDownAll(deployment, old);
  if (!current) return createFirst(deployment, old, revision);
  if (revisionOf(current) !== revision || minReadySecondsOf(current) !== minReadySecondsOf(deployment))
    return [{ kind: "refresh", replicaSet: current, revision, deployment }];
  const moves = isRecreate ? recreate(observation, current, old) : roll(deployment, current, old);
  return moves.length > 0 ? moves : forgetHistory(deployment, old);
}

/** The ReplicaSet whose template is the deployment's, whatever label it carries. */
export function currentReplicaSet(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return replicaSets
    .filter((set) => isDeepStrictEqual(withoutHash(set), withoutHash(deployment)))
    .sort((a, b) => ((a.metadata?.creationTimestamp ?? "") < (b.metadata?.creationTimestamp ?? "") ? -1 : 1))[0];
}

function withoutHash({ spec }: Deployment | ReplicaSet): unknown {
  const { metadata, spec: podSpec } = spec?.template ?? {};
  const { [templateHashLabel]: _, ...labels } = metadata?.labels ?? {};
  return JSON.parse(JSON.stringify({ labels, annotations: metadata?.annotations ?? {}, podSpec }));
}

/** Short, stable and without vowels' help: the first characters of a digest in base 32. */
export function templateHash(deployment: Deployment): string {
  const digest = createHash("sha256")
    .update(JSON.stringify(withoutHash(deployment)))
    .digest();
  return [...digest.subarray(0, 10)].map((byte) => "bcdfghjklmnpqrstvwxz2456789"[byte % 27]).join("");
}

function createFirst(deployment: Deployment, old: readonly ReplicaSet[], revision: number): DeploymentAction[] {
  const room = desired(deployment) + bounds(deployment).surge - total(old);
  const replicas = Math.max(0, Math.min(desired(deployment), room));
  const name = `${deployment.metadata?.name}-${templateHash(deployment)}`;
  return [{ kind: "create", name, replicas, revision, deployment }];
}

/** The new pods come when the last old one has ended, however long it takes to terminate. */
function recreate(
  { deployment, pods }: DeploymentObservation,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): DeploymentAction[] {
  const leftovers = scaleDownAll(deployment, old);
  if (leftovers.length > 0) return leftovers;
  return isEmptied(old, pods) ? scaleTo(deployment, current, desired(deployment)) : [];
}

function isEmptied(sets: readonly ReplicaSet[], pods: readonly Pod[]): boolean {
  return sets.every(
    (set) =>
      replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && !pods.some((pod) => isControlledBy(pod, set)),
  );
}

function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}

function roll(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): DeploymentAction[] {
  const { surge, unavailable } = bounds(deployment);
  const wanted = desired(deployment);
  if (replicasOf(current) > wanted) return scaleTo(deployment, current, wanted);
  const room = wanted + surge - total([current, ...old]);
  if (replicasOf(current) < wanted && room > 0)
    return scaleTo(deployment, current, Math.min(wanted, replicasOf(current) + room));
  return shrinkOld(deployment, current, old, wanted - unavailable);
}

/**
 * Unhealthy old replicas go first and for free; healthy ones only as far as enough others are available. Counts what
 * the sets were last told, not what their status says: a set that was just told to shrink may still report more.
 */
function shrinkOld(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  minAvailable: number,
): DeploymentAction[] {
  const actions: DeploymentAction[] = [];
  const newUnavailable = replicasOf(current) - available(current);
  let removable = told([current, ...old]) - minAvailable - newUnavailable;
  let availableSurplus = [current, ...old].reduce((sum, set) => sum + available(set), 0) - minAvailable;
  const oldestFirst = [...old].sort((a, b) => revisionOf(a) - revisionOf(b));
  for (const set of oldestFirst) {
    const unhealthy = Math.max(0, replicasOf(set) - available(set));
    const free = Math.min(unhealthy, Math.max(0, removable));
    const healthy = Math.min(replicasOf(set) - free, Math.max(0, Math.min(removable - free, availableSurplus)));
    if (free + healthy <= 0) continue;
    removable -= free + healthy;
    availableSurplus -= healthy;
    actions.push({ kind: "scale", replicaSet: set, replicas: replicasOf(set) - free - healthy, deployment });
  }
  return actions;
}

/** A paused deployment still follows its replica count. */
function scaleOnly(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): DeploymentAction[] {
  const active = [current, ...old].filter((set): set is ReplicaSet => set !== undefined && replicasOf(set) > 0);
  const [only] = active;
  return only && active.length === 1 ? scaleTo(deployment, only, desired(deployment)) : [];
}

function scaleDownAll(deployment: Deployment, sets: readonly ReplicaSet[]): DeploymentAction[] {
  return sets.flatMap((set) => scaleTo(deployment, set, 0));
}

function scaleTo(deployment: Deployment, replicaSet: ReplicaSet, replicas: number): DeploymentAction[] {
  return replicasOf(replicaSet) === replicas ? [] : [{ kind: "scale", replicaSet, replicas, deployment }];
}

function forgetHistory(deployment: Deployment, old: readonly ReplicaSet[]): DeploymentAction[] {
  const empty = old
    .filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && !set.metadata?.deletionTimestamp)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const surplus = empty.length - (deployment.spec?.revisionHistoryLimit ?? defaultHistory);
  return empty.slice(0, Math.max(0, surplus)).map((replicaSet) => ({ kind: "delete", replicaSet }));
}

/** The current template always has the highest revision: going back to an old one moves it to the front. */
function nextRevision(current: ReplicaSet | undefined, all: readonly ReplicaSet[]): number {
  const others = all.filter((set) => set !== current).map(revisionOf);
  const highest = Math.max(0, ...others);
  return current && revisionOf(current) > highest ? revisionOf(current) : highest + 1;
}

/** maxSurge rounds up, maxUnavailable rounds down, and never are both 0. */
export function bounds(deployment: Deployment): { surge: number; unavailable: number } {
  const rolling = deployment.spec?.strategy?.rollingUpdate;
  const surge = resolve(rolling?.maxSurge ?? "25%", desired(deployment), Math.ceil);
  const unavailable = resolve(rolling?.maxUnavailable ?? "25%", desired(deployment), Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function resolve(value: number | string, of: number, round: (share: number) => number): number {
  return typeof value === "string" && value.endsWith("%")
    ? round((of * Number.parseInt(value, 10)) / 100)
    : Number(value);
}

export function desired(deployment: Deployment): number {
  return deployment.spec?.replicas ?? 1;
}

export function replicasOf(set: ReplicaSet): number {
  return set.spec?.replicas ?? 1;
}

export function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata?.annotations?.[revisionAnnotation] ?? 0);
}

function minReadySecondsOf({ spec }: Deployment | ReplicaSet): number {
  return spec?.minReadySeconds ?? 0;
}

/** Of the pods that stay: a set that was told to shrink counts no more than it will have. */
function available(set: ReplicaSet): number {
  return Math.min(replicasOf(set), set.status?.availableReplicas ?? 0);
}

function told(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** Pods that are or will be: nothing new is made in the room of a pod that is not gone yet. */
function total(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + Math.max(replicasOf(set), set.status?.replicas ?? 0), 0);
}
