/** What is true of a Deployment, from its ReplicaSets. Pure. */
import type { DeploymentCondition, DeploymentStatus, ReplicaSet } from "../../../api/apps.ts";
import { findCondition, setCondition } from "../../runtime/conditions.ts";
import { bounds, currentReplicaSet, type DeploymentObservation, desired } from "./plan.ts";

const done = "NewReplicaSetAvailable";
const underWay = "ReplicaSetUpdated";
const stuck = "ProgressDeadlineExceeded";

/** When the progress deadline of a rollout that does not move is to be judged. */
export function nextJudgementMs({ deployment, nowMs }: DeploymentObservation): number | undefined {
  const condition = findCondition(deployment.status?.conditions, "Progressing");
  if (condition?.reason !== underWay) return undefined;
  const since = Date.parse(condition.lastUpdateTime ?? "");
  return Math.max(0, since + deadlineMsOf(deployment) - nowMs) + 1000;
}

function deadlineMsOf({ spec }: DeploymentObservation["deployment"]): number {
  return (spec?.progressDeadlineSeconds ?? 600) * 1000;
}

export function deploymentStatus(observation: DeploymentObservation): DeploymentStatus {
  const { deployment, replicaSets } = observation;
  const current = currentReplicaSet(deployment, replicaSets);
  const counts = {
    replicas: count(replicaSets, "replicas"),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: count(replicaSets, "readyReplicas"),
    availableReplicas: count(replicaSets, "availableReplicas"),
  };
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata?.generation ?? 0,
    ...counts,
    unavailableReplicas: Math.max(0, count(replicaSets, "replicas", "spec") - counts.availableReplicas),
  };
  const before = deployment.status?.conditions ?? [];
  const withAvailable = setCondition(before, availableCondition(observation, counts.availableReplicas));
  return { ...status, conditions: setCondition(withAvailable, progressCondition(observation, status, current)) };
}

function availableCondition({ deployment }: DeploymentObservation, available: number): DeploymentCondition {
  const enough = available >= desired(deployment) - bounds(deployment).unavailable;
  return {
    type: "Available",
    status: enough ? "True" : "False",
    reason: enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    message: `Deployment ${enough ? "has" : "does not have"} minimum availability.`,
  };
}

function progressCondition(
  { deployment, nowMs }: DeploymentObservation,
  status: DeploymentStatus,
  current: ReplicaSet | undefined,
): DeploymentCondition {
  const name = current?.metadata?.name ?? "";
  if (isComplete(deployment, status))
    return progressing("True", done, `ReplicaSet "${name}" has successfully progressed.`);
  if (deployment.spec?.paused) return progressing("Unknown", "DeploymentPaused", "Deployment is paused");
  const before = findCondition(deployment.status?.conditions, "Progressing");
  // A rollout that succeeded stays so, whatever becomes of single pods later, until the next template.
  if (before?.reason === done && current && status.replicas === status.updatedReplicas) return before;
  const moved = (["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] as const).some(
    (field) => (deployment.status?.[field] ?? 0) !== (status[field] ?? 0),
  );
  const stuckSince = Date.parse(before?.lastUpdateTime ?? "");
  const deadlineMs = deadlineMsOf(deployment);
  const isSameRollout = before?.reason === underWay || before?.reason === stuck;
  if (isSameRollout && !moved && nowMs - stuckSince > deadlineMs)
    return progressing("False", stuck, `ReplicaSet "${name}" has timed out progressing.`);
  const since = isSameRollout && !moved && !Number.isNaN(stuckSince) ? stuckSince : nowMs;
  return {
    ...progressing("True", underWay, `ReplicaSet "${name}" is progressing.`),
    lastUpdateTime: new Date(since).toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

function progressing(status: "True" | "False" | "Unknown", reason: string, message: string): DeploymentCondition {
  return { type: "Progressing", status, reason, message };
}

function isComplete(deployment: DeploymentObservation["deployment"], status: DeploymentStatus): boolean {
  const wanted = desired(deployment);
  return status.updatedReplicas === wanted && status.replicas === wanted && (status.availableReplicas ?? 0) >= wanted;
}

function count(
  sets: readonly ReplicaSet[],
  field: "replicas" | "readyReplicas" | "availableReplicas",
  from: "spec" | "status" = "status",
): number {
  return sets.reduce((sum, set) => sum + ((from === "spec" ? set.spec?.replicas : set.status?.[field]) ?? 0), 0);
}
