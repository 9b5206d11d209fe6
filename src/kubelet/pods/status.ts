/** What the API shows of a pod: phase, conditions, containers, addresses. Pure; the opposite of hoping. */
import type { ContainerStatus, Pod, PodCondition, PodStatus } from "../../../api/core.ts";
import { podConditions } from "./conditions.ts";
import { containerStatus, isoTime } from "./container-status.ts";
import { deadlineExceeded, hasEnded, hasFinished, isLive, isSidecar, isTerminalPhase } from "./lifetime.ts";
import type { Observation } from "./observation.ts";
import { qosClass } from "./qos.ts";

export interface HostFacts {
  nodeIp: string;
}

export function podStatus(o: Observation, pod: Pod, host: HostFacts): PodStatus {
  const initContainerStatuses = (pod.spec?.initContainers ?? []).map((c) => containerStatus(o, pod, c, "init"));
  const containerStatuses = (pod.spec?.containers ?? []).map((c) => containerStatus(o, pod, c, "main"));
  const phase = phaseOf(o, pod, initContainerStatuses, containerStatuses);
  const ips = podIps(o, pod, host);
  const before = pod.status ?? {};
  return {
    ...before,
    phase,
    ...reasonOf(o, pod),
    startTime: before.startTime ?? isoTime(o.nowMs),
    hostIP: host.nodeIp,
    hostIPs: [{ ip: host.nodeIp }],
    ...(ips[0] !== undefined && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    qosClass: before.qosClass ?? qosClass(pod),
    ...(initContainerStatuses.length > 0 && { initContainerStatuses }),
    containerStatuses,
    conditions: podConditions(o, pod, { phase, initContainerStatuses, containerStatuses }) as PodCondition[],
  };
}

/** Why the pod as a whole was ended by this node. */
function reasonOf(o: Observation, pod: Pod): Pick<PodStatus, "reason" | "message"> {
  if (isTerminalPhase(pod.status?.phase) || hasFinished(o, pod) || !deadlineExceeded(o, pod)) {
    return {};
  }
  const message = "Pod was active on the node longer than the specified deadline";
  return { reason: "DeadlineExceeded", message };
}

function podIps(o: Observation, pod: Pod, host: HostFacts): string[] {
  if (pod.spec?.hostNetwork === true) {
    return o.runtime.sandboxes[0]?.ready === true ? [host.nodeIp] : [];
  }
  return o.runtime.sandboxes.find((sandbox) => sandbox.ready)?.ips ?? [];
}

function phaseOf(
  o: Observation,
  pod: Pod,
  inits: ContainerStatus[],
  containers: ContainerStatus[],
): NonNullable<PodStatus["phase"]> {
  const before = pod.status?.phase;
  if (before === "Succeeded" || before === "Failed") {
    return before;
  }
  if (hasEnded(o) && !o.runtime.containers.some(isLive) && !startsUnderWay(o)) {
    return endPhase(o, pod, inits, containers);
  }
  if (!initialized(pod, inits)) {
    return before === "Running" ? "Running" : "Pending";
  }
  const begun = containers.every(
    (status) => status.containerID !== undefined || status.lastState?.terminated !== undefined,
  );
  return begun || before === "Running" ? "Running" : "Pending";
}

const startsUnderWay = (o: Observation): boolean =>
  [...o.memory.inFlight].some((key) => key.startsWith("start-container/"));

function endPhase(
  o: Observation,
  pod: Pod,
  inits: ContainerStatus[],
  containers: ContainerStatus[],
): "Succeeded" | "Failed" {
  if (deadlineExceeded(o, pod) && !hasFinished(o, pod)) {
    return "Failed";
  }
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  const counted = [...inits.filter((status) => !sidecars.has(status.name)), ...containers];
  return counted.every((status) => status.state?.terminated?.exitCode === 0) ? "Succeeded" : "Failed";
}

export function initialized(pod: Pod, inits: ContainerStatus[]): boolean {
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  return inits.every((status) => (sidecars.has(status.name) ? status.started === true : status.ready));
}
