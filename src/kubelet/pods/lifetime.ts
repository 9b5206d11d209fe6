/** Pure questions about where a pod and its containers are in their lives. */
import type { Container, ContainerStatus, Pod } from "../../../api/core.ts";
import type { Observation, RuntimeContainer } from "./observation.ts";

export const defaultGraceSeconds = 30;

export type RestartPolicy = "Always" | "OnFailure" | "Never";

export const restartPolicyOf = (pod: Pod): RestartPolicy => pod.spec?.restartPolicy ?? "Always";

/** A restartable init container: it starts in order with the others but stays beside the main containers. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === "Always";

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** Runs, or may start running at any moment. */
export function isLive(container: RuntimeContainer): boolean {
  return container.phase !== "exited";
}

/** The newest container of this name. */
export function latestOf(o: Observation, name: string): RuntimeContainer | undefined {
  return o.runtime.containers.find((container) => container.name === name);
}

/** Whether an exited container is to be started again, were the pod to go on. */
export function wantsRestart(policy: RestartPolicy, exitCode: number): boolean {
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** How init containers are restarted: never after success, else as the pod says. */
export function initWantsRestart(policy: RestartPolicy, exitCode: number): boolean {
  return exitCode !== 0 && policy !== "Never";
}

/** What the API server knows of this container. */
export function previousStatus(pod: Pod, name: string): ContainerStatus | undefined {
  const known = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return known.find((status) => status.name === name);
}

/** All main containers ended for good, or an init container did without success. */
export function hasFinished(o: Observation, pod: Pod): boolean {
  const policy = restartPolicyOf(pod);
  const initFailed = (pod.spec?.initContainers ?? []).some((container) => {
    const latest = latestOf(o, container.name);
    return latest?.phase === "exited" && !isSidecar(container) && latest.exitCode !== 0 && policy === "Never";
  });
  return initFailed || (pod.spec?.containers ?? []).every((container) => endedForGood(o, pod, container));
}

/**
 * A main container that will not be started again. When the runtime has lost its records (they do not survive
 * a `vmpod down`), the API's word counts: what must never run twice does not.
 */
export function endedForGood(o: Observation, pod: Pod, container: Container): boolean {
  const policy = restartPolicyOf(pod);
  const latest = latestOf(o, container.name);
  if (latest !== undefined) {
    return latest.phase === "exited" && !wantsRestart(policy, latest.exitCode);
  }
  const known = previousStatus(pod, container.name);
  const terminated = known?.state?.terminated;
  return terminated === undefined
    ? known?.containerID !== undefined && policy === "Never"
    : !wantsRestart(policy, terminated.exitCode);
}

/** When `activeDeadlineSeconds` runs out. */
export function deadlineMs(pod: Pod): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  const start = pod.status?.startTime;
  return seconds === undefined || start === undefined ? undefined : Date.parse(start) + seconds * 1000;
}

export function deadlineExceeded(o: Observation, pod: Pod): boolean {
  return o.nowMs >= (deadlineMs(pod) ?? Number.POSITIVE_INFINITY);
}

/** The pod must not run (any more): everything of it is to be stopped. */
export function hasEnded(o: Observation): boolean {
  const { pod } = o;
  return (
    pod === undefined ||
    pod.metadata?.deletionTimestamp !== undefined ||
    isTerminalPhase(pod.status?.phase) ||
    deadlineExceeded(o, pod) ||
    hasFinished(o, pod)
  );
}

/** How long a container may take to end from now on. */
export function graceSeconds(o: Observation, fallback: number): number {
  const metadata = o.pod?.metadata;
  if (metadata?.deletionTimestamp === undefined) {
    return o.pod?.spec?.terminationGracePeriodSeconds ?? fallback;
  }
  // The API server sets the timestamp to the end of the grace period.
  const remaining = Math.ceil((Date.parse(metadata.deletionTimestamp) - o.nowMs) / 1000);
  return Math.max(0, Math.min(remaining, metadata.deletionGracePeriodSeconds ?? remaining));
}
