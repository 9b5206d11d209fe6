/** Why a workload is not there yet, in one sentence, from what the cluster says of its pods. Pure. */
import type { DaemonSet, Deployment } from "../../../api/apps.ts";
import type { Event, Pod } from "../../../api/core.ts";
import { daemonSetProgress, deploymentProgress } from "../../runtime/workload-progress.ts";

export interface RolloutView {
  workload: Deployment | DaemonSet;
  /** Of this workload; those that are ending may be among them. */
  pods: readonly Pod[];
  /** Of the namespace, the oldest first. */
  events: readonly Event[];
}

/** Undefined: all of it runs. */
export function whyWaiting({ workload, pods, events }: RolloutView): string | undefined {
  const name = workload.metadata?.name ?? "";
  const progress =
    workload.kind === "DaemonSet" ? daemonSetProgress(name, workload as DaemonSet) : deploymentProgress(name, workload);
  if (progress.lack === undefined) return undefined;
  // Those of the newest template say what is wrong with it.
  const alive = pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined).toSorted(newestFirst);
  const reasons = alive.flatMap((pod) => podReason(pod, events) ?? []);
  const reason = reasons[0] ?? (alive.length === 0 ? creationReason(workload, events) : undefined);
  return [`${progress.name}: ${progress.lack}`, reason].filter(Boolean).join("; ");
}

function newestFirst(one: Pod, other: Pod): number {
  return (other.metadata?.creationTimestamp ?? "").localeCompare(one.metadata?.creationTimestamp ?? "");
}

/** What keeps the pod from being ready; undefined when it is, or when nothing is said of it. */
export function podReason(pod: Pod, events: readonly Event[]): string | undefined {
  if (conditionOf(pod, "Ready")?.status === "True") return undefined;
  const { name = "" } = pod.metadata ?? {};
  const where = pod.spec?.nodeName ? `${name} on ${pod.spec.nodeName}` : name;
  const said =
    unscheduled(pod) ?? waiting(pod, events) ?? notMounted(pod, events) ?? restarted(pod) ?? notAnswering(pod, events);
  return said && `${where} ${said}`;
}

function unscheduled(pod: Pod): string | undefined {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (pod.spec?.nodeName || scheduled?.status !== "False") return undefined;
  return `fits on no node: ${scheduled.message ?? scheduled.reason}`;
}

const pullReasons = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName"]);
const usualReasons = new Set(["ContainerCreating", "PodInitializing"]);

function waiting(pod: Pod, events: readonly Event[]): string | undefined {
  const status = pod.status?.containerStatuses?.find(({ state }) => state?.waiting !== undefined);
  const { reason = "", message } = status?.state?.waiting ?? {};
  if (status === undefined || usualReasons.has(reason)) return undefined;
  const image = pod.spec?.containers[0]?.image;
  if (reason === "ErrImageNeverPull") return `wants the image ${image}, which is not on the node and may not be pulled`;
  if (pullReasons.has(reason)) {
    const why = pullFailure(pod, events) ?? message;
    return `cannot pull the image ${image}${why ? `: ${why}` : ""}`;
  }
  if (reason === "CrashLoopBackOff") return crashed(status.lastState?.terminated, status.restartCount);
  return `cannot start: ${[reason, message].filter(Boolean).join(": ")}`;
}

/** Between two attempts the kubelet says only that it waits; the attempt's event says why it failed. */
function pullFailure(pod: Pod, events: readonly Event[]): string | undefined {
  const failed = events.findLast(
    ({ reason, message, involvedObject }) =>
      reason === "Failed" && involvedObject.uid === pod.metadata?.uid && message?.startsWith("Failed to pull image"),
  );
  return failed?.message?.replace(/^Failed to pull image "[^"]*": /, "");
}

function notMounted(pod: Pod, events: readonly Event[]): string | undefined {
  if (isStarted(pod)) return undefined;
  const event = lastWarning(events, pod, ["FailedMount", "FailedCreatePodSandBox", "FailedAttachVolume"]);
  const missing = /secret "([^"]+)" not found/.exec(event?.message ?? "")?.[1];
  if (missing) return `waits for the Secret ${missing}, which the controller makes`;
  return event && `cannot start yet: ${event.message}`;
}

function restarted(pod: Pod): string | undefined {
  const status = pod.status?.containerStatuses?.find(({ restartCount }) => restartCount > 0);
  return status && crashed(status.lastState?.terminated, status.restartCount);
}

function crashed(
  terminated: { exitCode: number; message?: string; reason?: string } | undefined,
  restarts: number,
): string {
  const how = terminated ? ` with exit code ${terminated.exitCode}` : "";
  const last = terminated?.message?.trim().split("\n").at(-1);
  return `has ended ${restarts} times, last${how}${last ? `: ${last}` : ""} (see \`kubectl logs --previous\`)`;
}

function notAnswering(pod: Pod, events: readonly Event[]): string | undefined {
  const event = isStarted(pod) ? lastWarning(events, pod, ["Unhealthy"]) : undefined;
  return event && `runs, but is not ready: ${event.message?.trim()}`;
}

/** Pods that were never made: a quota, a policy or an admission plugin refuses them. */
function creationReason(workload: Deployment | DaemonSet, events: readonly Event[]): string | undefined {
  const { conditions = [] } = workload.status ?? {};
  const failure = conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  const name = workload.metadata?.name ?? "";
  const event = events.findLast(
    ({ reason, involvedObject }) => reason === "FailedCreate" && involvedObject.name?.startsWith(name),
  );
  const message = failure?.message ?? event?.message;
  return message && `its pods are refused: ${message}`;
}

function isStarted(pod: Pod): boolean {
  return pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true;
}

function conditionOf(pod: Pod, type: string) {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

function lastWarning(events: readonly Event[], pod: Pod, reasons: readonly string[]): Event | undefined {
  return events.findLast(
    ({ type, reason, involvedObject }) =>
      type === "Warning" && reasons.includes(reason ?? "") && involvedObject.uid === pod.metadata?.uid,
  );
}
