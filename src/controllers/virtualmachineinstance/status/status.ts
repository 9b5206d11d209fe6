/** The status of a VirtualMachineInstance as the controller sees it; what the node agent reports is kept. Pure. */
import { initialStatus } from "../../../../api/kubevirt/defaults/vmi.ts";
import { mergeTraces } from "../../../../api/kubevirt/start-trace.ts";
import { sameJson } from "../../../../api/kubevirt/same-json.ts";
import type { VirtualMachineInstanceStatus } from "../../../../api/kubevirt/types.ts";
import { migrationMethod } from "./live-migratable.ts";
import { hasEnded, isBeforeHandover, launcherOf, type Observation } from "../observation.ts";
import { decidePhase } from "./phase.ts";
import { decideConditions } from "./vmi-conditions.ts";

export function decideStatus(observation: Observation): VirtualMachineInstanceStatus {
  const { vmi, now } = observation;
  const current = vmi.status?.phase ? vmi.status : { ...initialStatus(vmi.spec, now), ...vmi.status };
  const { phase, reason } = decidePhase(observation);
  const pod = launcherOf(observation);
  const status = {
    ...current,
    phase,
    ...(reason && { reason }),
    ...(pod?.spec?.nodeName && phase !== "Pending" && phase !== "Scheduling" && { nodeName: pod.spec.nodeName }),
    ...(pod?.status?.qosClass && { qosClass: pod.status.qosClass }),
    ...(pod?.spec?.containers[0]?.image && { launcherContainerImageVersion: pod.spec.containers[0].image }),
    ...(phase === "Running" && { migrationMethod: migrationMethod(observation), migrationTransport: "Unix" }),
    activePods: activePods(observation),
    phaseTransitionTimestamps: transitions(current, phase, now),
    conditions: decideConditions(observation, phase),
  };
  // Only together with something else: kinds of an earlier version do not keep a trace, and it would be written for ever.
  return sameJson(status, vmi.status) ? status : { ...status, ...startFields(observation, phase) };
}

/** Until the pod is handed over; what an instance did before somebody noted it stays unknown. */
function startFields(observation: Observation, phase: string): Pick<VirtualMachineInstanceStatus, "startTrace"> {
  const { vmi, instant } = observation;
  if (!isBeforeHandover(vmi)) return {};
  const pod = launcherOf(observation);
  const news = {
    created: instant,
    ...(pod && { podCreated: instant }),
    ...(pod?.spec?.nodeName && { podScheduled: instant }),
    ...(phase === "Scheduled" && { podRunning: instant }),
  };
  return { startTrace: mergeTraces(vmi.status?.startTrace, news) };
}

/** Those that have a node: API servers of old take an empty text in such a map for null, and refuse the whole status. */
function activePods({ pods }: Observation): Record<string, string> {
  const live = pods.filter((pod) => !hasEnded(pod));
  const placed = live.flatMap(({ metadata, spec }) => (spec?.nodeName ? [[metadata?.uid ?? "", spec.nodeName]] : []));
  return Object.fromEntries(placed) as Record<string, string>;
}

function transitions(
  current: VirtualMachineInstanceStatus,
  phase: string,
  now: string,
): VirtualMachineInstanceStatus["phaseTransitionTimestamps"] {
  const earlier = current.phaseTransitionTimestamps ?? [];
  if (earlier.some((transition) => transition.phase === phase)) return earlier;
  return [...earlier, { phase, phaseTransitionTimestamp: now }];
}
