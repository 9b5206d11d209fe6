/** The conditions of a pod that its node owns; all others are left as they are. */
import type { ContainerStatus, Pod } from "../../../api/core.ts";
import type { Condition } from "../../../api/meta.ts";
import { resizeKey } from "./actions.ts";
import { isoTime } from "./container-status.ts";
import { isSidecar } from "./lifetime.ts";
import type { Observation } from "./observation.ts";

export interface ContainersView {
  phase: string;
  initContainerStatuses: ContainerStatus[];
  containerStatuses: ContainerStatus[];
}

type Verdict = Pick<Condition, "status" | "reason" | "message">;

export function podConditions(o: Observation, pod: Pod, view: ContainersView): Condition[] {
  const known = (pod.status?.conditions ?? []) as Condition[];
  const containersReady = readyVerdict(pod, view);
  const owned: Record<string, Verdict> = {
    PodReadyToStartContainers: { status: o.runtime.sandboxes[0]?.ready === true ? "True" : "False" },
    Initialized: initializedVerdict(pod, view),
    Ready: gated(pod, known, containersReady),
    ContainersReady: containersReady,
    PodScheduled: known.find((condition) => condition.type === "PodScheduled") ?? { status: "True" },
  };
  const others = known.filter(({ type }) => !(type in owned) && type !== resizePending);
  const pending = pendingResize(o);
  if (pending !== undefined) {
    owned[resizePending] = pending;
  }
  return [...others, ...Object.entries(owned).map(([type, verdict]) => transition(o, known, type, verdict))];
}

const resizePending = "PodResizePending";

/** Only while the node lacks what a container asks for by now. */
function pendingResize(o: Observation): Verdict | undefined {
  const failures = o.runtime.containers.map(({ id }) => o.memory.failures.get(resizeKey(id)));
  const failure = failures.find((found) => found !== undefined);
  return failure && { status: "True", reason: failure.reason, message: failure.message };
}

function transition(o: Observation, known: Condition[], type: string, verdict: Verdict): Condition {
  const before = known.find((condition) => condition.type === type);
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  return {
    type,
    status: verdict.status,
    lastProbeTime: null,
    lastTransitionTime: since ?? isoTime(o.nowMs),
    ...(verdict.reason && { reason: verdict.reason }),
    ...(verdict.message && { message: verdict.message }),
  };
}

const quoted = (statuses: ContainerStatus[]): string => `[${statuses.map((status) => status.name).join(" ")}]`;

function initializedVerdict(pod: Pod, view: ContainersView): Verdict {
  const sidecars = sidecarNames(pod);
  const open = view.initContainerStatuses.filter((s) => (sidecars.has(s.name) ? s.started !== true : !s.ready));
  if (view.phase === "Succeeded") {
    return { status: "True", reason: "PodCompleted" };
  }
  if (open.length === 0) {
    return { status: "True" };
  }
  const message = `containers with incomplete status: ${quoted(open)}`;
  return { status: "False", reason: "ContainersNotInitialized", message };
}

function sidecarNames(pod: Pod): Set<string> {
  return new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
}

function readyVerdict(pod: Pod, view: ContainersView): Verdict {
  if (view.phase === "Succeeded") {
    return { status: "False", reason: "PodCompleted" };
  }
  if (view.phase === "Failed") {
    return { status: "False", reason: "PodFailed" };
  }
  const sidecars = sidecarNames(pod);
  const counted = [...view.initContainerStatuses.filter((s) => sidecars.has(s.name)), ...view.containerStatuses];
  const unready = counted.filter((status) => !status.ready);
  if (unready.length === 0) {
    return { status: "True" };
  }
  return {
    status: "False",
    reason: "ContainersNotReady",
    message: `containers with unready status: ${quoted(unready)}`,
  };
}

/** `readinessGates`: others have a say in whether the pod is ready. */
function gated(pod: Pod, known: Condition[], containersReady: Verdict): Verdict {
  const gates = pod.spec?.readinessGates ?? [];
  const closed = gates.filter(({ conditionType }) => known.find((c) => c.type === conditionType)?.status !== "True");
  if (containersReady.status !== "True" || closed.length === 0) {
    return containersReady;
  }
  const names = closed.map((gate) => `"${gate.conditionType}"`).join(", ");
  const message = `the status of pod readiness gate ${names} is not "True"`;
  return { status: "False", reason: "ReadinessGatesNotReady", message };
}
