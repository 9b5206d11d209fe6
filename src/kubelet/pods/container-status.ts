/** What the API shows of one container. Pure. */
import type { Container, ContainerState, ContainerStatus, Pod } from "../../../api/core.ts";
import { readResources } from "../config/resources-text.ts";
import { startKey } from "./actions.ts";
import { restartBackoff } from "./backoff.ts";
import {
  endedForGood,
  hasEnded,
  initWantsRestart,
  isSidecar,
  previousStatus,
  restartPolicyOf,
  wantsRestart,
} from "./lifetime.ts";
import type { Observation, RuntimeContainer } from "./observation.ts";
import { initDone } from "./plan-containers.ts";

export type ContainerRole = "init" | "main";

export function containerStatus(o: Observation, pod: Pod, container: Container, role: ContainerRole): ContainerStatus {
  const [latest, before] = o.runtime.containers.filter(({ name }) => name === container.name);
  const previous = previousStatus(pod, container.name);
  if (latest === undefined) {
    return unstarted(o, pod, container, previous);
  }
  const running = latest.phase === "running";
  const restart = latest.phase === "exited" && willRestart(o, pod, container, role, latest);
  const waiting = latest.phase === "exited" && !restart ? undefined : waitingState(o, container, latest);
  const lastTerminated = waiting !== undefined && latest.phase === "exited" ? latest : before;
  return {
    name: container.name,
    image: latest.image || (container.image ?? ""),
    imageID: latest.imageId,
    ...idOf(latest, previous),
    restartCount: latest.attempt,
    state: waiting ?? stateOf(latest),
    lastState: lastTerminated?.phase === "exited" ? stateOf(lastTerminated) : (previous?.lastState ?? {}),
    started: running && startedUp(o, container, latest),
    ready: isReady(o, container, role, latest),
    ...givenResources(o, latest),
  };
}

/** What was never started, and is made anew, has none: what the API server knows an id of has run. */
function idOf({ id, phase }: RuntimeContainer, previous: ContainerStatus | undefined): { containerID?: string } {
  const containerID = phase === "created" ? previous?.containerID : `containerd://${id}`;
  return containerID === undefined ? {} : { containerID };
}

function givenResources(
  o: Observation,
  { id, resources, phase }: RuntimeContainer,
): Pick<ContainerStatus, "resources"> {
  const given = readResources(o.memory.resized.get(id) ?? resources);
  return phase === "running" && given !== undefined ? { resources: given } : {};
}

function startedUp(o: Observation, container: Container, latest: RuntimeContainer): boolean {
  const starting = o.memory.inFlight.has(startKey(container.name));
  return !starting && (container.startupProbe === undefined || o.memory.probes.get(latest.id)?.started === true);
}

function isReady(o: Observation, container: Container, role: ContainerRole, latest: RuntimeContainer): boolean {
  if (role === "init" && !isSidecar(container)) {
    return latest.phase === "exited" && latest.exitCode === 0;
  }
  if (latest.phase !== "running" || !startedUp(o, container, latest)) {
    return false;
  }
  return container.readinessProbe === undefined || o.memory.probes.get(latest.id)?.ready === true;
}

function willRestart(
  o: Observation,
  pod: Pod,
  container: Container,
  role: ContainerRole,
  latest: RuntimeContainer,
): boolean {
  if (hasEnded(o)) {
    return false;
  }
  const policy = restartPolicyOf(pod);
  if (role === "init") {
    return isSidecar(container) || initWantsRestart(policy, latest.exitCode);
  }
  return wantsRestart(policy, latest.exitCode);
}

/** The `waiting` state, if that is what the container does. */
function waitingState(o: Observation, container: Container, latest: RuntimeContainer): ContainerState | undefined {
  if (latest.phase === "running") {
    return undefined;
  }
  const failure = startFailure(o, container);
  if (failure !== undefined) {
    return failure;
  }
  if (latest.phase !== "exited") {
    return { waiting: { reason: "ContainerCreating" } };
  }
  const backoff = restartBackoff(latest);
  if (backoff.readyAtMs <= o.nowMs) {
    return undefined;
  }
  const message = `back-off ${duration(backoff.delayMs)} restarting failed container=${container.name}`;
  return { waiting: { reason: "CrashLoopBackOff", message } };
}

/** 10 s -> "10s", 80 s -> "1m20s", as Go writes durations. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function startFailure(o: Observation, container: Container): ContainerState | undefined {
  const failure = o.memory.failures.get(startKey(container.name));
  return failure && { waiting: { reason: failure.reason, message: failure.message } };
}

/** No record at the runtime: not started yet, or removed already. */
function unstarted(
  o: Observation,
  pod: Pod,
  container: Container,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const base = {
    name: container.name,
    image: previous?.image || (container.image ?? ""),
    imageID: previous?.imageID ?? "",
    ...(previous?.containerID && { containerID: previous.containerID }),
    restartCount: previous?.restartCount ?? 0,
    lastState: previous?.lastState ?? {},
    started: false,
    ready: false,
  };
  const terminated = previous?.state?.terminated;
  if (hasEnded(o) || endedForGood(o, pod, container)) {
    return { ...base, ready: previous?.ready ?? false, state: { terminated: terminated ?? vanished(previous) } };
  }
  const initializing = (pod.spec?.initContainers ?? []).some((init) => !initDone(o, init));
  const isInit = (pod.spec?.initContainers ?? []).some((init) => init.name === container.name);
  const reason =
    initializing && !isInit
      ? "PodInitializing"
      : isInit && !isFirstToDo(o, pod, container)
        ? "PodInitializing"
        : "ContainerCreating";
  const lost = terminated ?? (previous?.state?.running && vanished(previous));
  const lastState = lost === undefined ? base.lastState : { terminated: lost };
  return { ...base, lastState, state: startFailure(o, container) ?? volumeImageFailure(o) ?? { waiting: { reason } } };
}

/** An image that is to be a volume cannot be had: told like a container's own image. */
function volumeImageFailure(o: Observation): ContainerState | undefined {
  const failure = o.memory.failures.get("set-up-volumes");
  if (!failure?.reason.startsWith("ErrImage")) {
    return undefined;
  }
  return { waiting: { reason: failure.reason, message: failure.message } };
}

function isFirstToDo(o: Observation, pod: Pod, container: Container): boolean {
  return (pod.spec?.initContainers ?? []).find((init) => !initDone(o, init))?.name === container.name;
}

function vanished(previous: ContainerStatus | undefined): NonNullable<ContainerState["terminated"]> {
  return {
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
    ...(previous?.state?.running?.startedAt && { startedAt: previous.state.running.startedAt }),
  };
}

function stateOf(container: RuntimeContainer): ContainerState {
  if (container.phase === "running") {
    return { running: { startedAt: isoTime(container.startedAtMs) } };
  }
  if (container.phase !== "exited") {
    return { waiting: { reason: "ContainerCreating" } };
  }
  return {
    terminated: {
      exitCode: container.exitCode,
      reason: container.reason || (container.exitCode === 0 ? "Completed" : "Error"),
      ...(container.message && { message: container.message }),
      ...(container.startedAtMs > 0 && { startedAt: isoTime(container.startedAtMs) }),
      finishedAt: isoTime(container.finishedAtMs),
      containerID: `containerd://${container.id}`,
    },
  };
}

/** Kubernetes' times have whole seconds. */
export function isoTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
