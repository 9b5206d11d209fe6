/** The conditions of a VirtualMachineInstance that the controller answers for; those of the node agent stay as they are. Pure. */
import type { Pod } from "../../../api/core.ts";
import { readyReasons, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import type { Condition } from "../../../api/meta.ts";
import { findCondition, removeCondition, setCondition } from "../../runtime/conditions.ts";
import { launcherOf, type Observation } from "./observation.ts";

/** Reasons by which the controller says `Synchronized: False`; the node agent has others. */
export const syncReasons = {
  failedCreate: "FailedCreate",
  failedPvcNotFound: "FailedPvcNotFound",
  errImagePull: "ErrImagePull",
  imagePullBackOff: "ImagePullBackOff",
  createContainerError: "CreateContainerError",
} as const;

export function decideConditions(observation: Observation, phase: string): Condition[] {
  const now = new Date(observation.now);
  const current = observation.vmi.status?.conditions ?? [];
  const withReady = setCondition(current, readyCondition(observation, phase), now);
  const withSync = putOrDrop(withReady, syncFailure(observation), ownsSynchronized, vmiConditions.synchronized, now);
  const unscheduled = podUnscheduled(launcherOf(observation));
  return putOrDrop(withSync, unscheduled, () => true, vmiConditions.podScheduled, now);
}

function putOrDrop(
  conditions: Condition[],
  wanted: Condition | undefined,
  owns: (current: Condition) => boolean,
  type: string,
  now: Date,
): Condition[] {
  if (wanted !== undefined) return setCondition(conditions, wanted, now);
  const current = findCondition(conditions, type);
  return current && owns(current) ? removeCondition(conditions, type) : conditions;
}

function readyCondition(observation: Observation, phase: string): Condition {
  const pod = launcherOf(observation);
  if (pod === undefined) return notReady(readyReasons.podNotExists, "virt-launcher pod has not yet been scheduled");
  if (pod.metadata?.deletionTimestamp) return notReady(readyReasons.podTerminating, "virt-launcher pod is terminating");
  if (phase !== "Running") return notReady(readyReasons.guestNotRunning, "Guest VM is not reported as running");
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  if (ready === undefined)
    return notReady(readyReasons.podConditionMissing, "virt-launcher pod is missing the Ready condition");
  return {
    type: vmiConditions.ready,
    status: ready.status === "True" ? "True" : "False",
    ...(ready.reason && { reason: ready.reason }),
    ...(ready.message && { message: ready.message }),
  };
}

function notReady(reason: string, message: string): Condition {
  return { type: vmiConditions.ready, status: "False", reason, message };
}

function ownsSynchronized(condition: Condition): boolean {
  return condition.status === "False" && (Object.values(syncReasons) as string[]).includes(condition.reason ?? "");
}

function syncFailure(observation: Observation): Condition | undefined {
  const missing = observation.claims.filter((claim) => !claim.exists).map((claim) => claim.name);
  const pod = launcherOf(observation);
  if (pod === undefined && missing.length > 0) {
    return unsynchronized(
      syncReasons.failedPvcNotFound,
      `failed to find PersistentVolumeClaim ${missing.join(", ")}: create it`,
    );
  }
  if (pod === undefined) {
    return observation.createFailure === undefined
      ? undefined
      : unsynchronized(syncReasons.failedCreate, `failed to create virtual machine pod: ${observation.createFailure}`);
  }
  return containerFailure(pod);
}

function containerFailure(pod: Pod): Condition | undefined {
  const known: readonly string[] = Object.values(syncReasons);
  const waiting = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
    .map((status) => status.state?.waiting)
    .find((state) => state?.reason !== undefined && known.includes(state.reason));
  return waiting?.reason ? unsynchronized(waiting.reason, waiting.message ?? waiting.reason) : undefined;
}

function unsynchronized(reason: string, message: string): Condition {
  return { type: vmiConditions.synchronized, status: "False", reason, message };
}

function podUnscheduled(pod: Pod | undefined): Condition | undefined {
  const scheduled = pod?.status?.conditions?.find((condition) => condition.type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  return {
    type: vmiConditions.podScheduled,
    status: "False",
    ...(scheduled.reason && { reason: scheduled.reason }),
    ...(scheduled.message && { message: scheduled.message }),
  };
}
