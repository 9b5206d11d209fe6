/**
 * The controller's half of a VirtualMachineInstance's life. Pure.
 *
 *   Pending --pod exists--> Scheduling --container runs--> Scheduled --(node agent)--> Running
 *      |                        |                              |                          |
 *      '------------------------'--- pod ended, vanished, or its node did ----------------'--> Succeeded | Failed
 *
 * A phase never goes back, and a final one stays.
 */
import type { LauncherPod } from "./launcher.ts";
import type { Phase } from "../../../api/kubevirt/conditions.ts";
import { failedCopy } from "./disk-copies.ts";
import { hasEnded, isFinal, launcherOf, type Observation } from "./observation.ts";

export interface PhaseDecision {
  phase: Phase;
  /** Why it ended, for `status.reason`. */
  reason?: string;
}

export const diskCopyFailed = "ContainerDiskCopyFailed";

export function decidePhase(observation: Observation): PhaseDecision {
  const { vmi } = observation;
  const current = (vmi.status?.phase || "Pending") as Phase;
  if (isFinal(vmi)) return { phase: current };
  const pod = launcherOf(observation);
  if (pod === undefined) return withoutPod(observation, current);
  if (hasEnded(pod)) return ended(pod);
  if (!observation.nodeExists) return { phase: "Failed", reason: "NodeUnresponsive" };
  if (current === "Pending") return { phase: "Scheduling" };
  if (current === "Scheduling" && isRunning(pod)) return { phase: "Scheduled" };
  return { phase: current };
}

function withoutPod({ vmi }: Observation, current: Phase): PhaseDecision {
  const neverHadOne = current === "Pending" || vmi.metadata?.deletionTimestamp !== undefined;
  return neverHadOne ? { phase: current } : { phase: "Failed", reason: "PodNotExists" };
}

function ended(pod: LauncherPod): PhaseDecision {
  if (pod.status?.phase === "Succeeded") return { phase: "Succeeded" };
  if (failedCopy(pod)) return { phase: "Failed", reason: pod.status?.reason ?? diskCopyFailed };
  const terminated = pod.status?.containerStatuses?.[0]?.state?.terminated;
  return { phase: "Failed", reason: pod.status?.reason ?? terminated?.reason ?? "PodFailed" };
}

export function isRunning(pod: LauncherPod): boolean {
  const statuses = pod.status?.containerStatuses ?? [];
  return (
    pod.status?.phase === "Running" &&
    pod.spec?.nodeName !== undefined &&
    statuses.length > 0 &&
    statuses.every((status) => status.state?.running !== undefined)
  );
}
