/**
 * The controller's half of a VirtualMachineInstance's life. Pure.
 *
 *   Pending --pod exists--> Scheduling --container runs--> Scheduled --(node agent)--> Running
 *      |                        |                              |                          |
 *      '------------------------'--- pod ended, vanished, or its node did ----------------'--> Succeeded | Failed
 *
 * A phase never goes back, and a final one stays.
 */
import type { LauncherPod } from "../launcher/launcher.ts";
import type { Phase } from "../../../../api/kubevirt/conditions.ts";
import { endReason } from "../../../../api/kubevirt/end-events.ts";
import { failedCopy } from "./disk-copies.ts";
import { lostFilesystem, qemuExit } from "./filesystem-servers.ts";
import { hasEnded, isBeforeHandover, isFinal, launcherOf, type Observation } from "../observation.ts";

export interface PhaseDecision {
  phase: Phase;
  /** Why it ended, for `status.reason`. */
  reason?: string;
}

export const diskCopyFailed = "ContainerDiskCopyFailed";
export const filesystemLost = "FilesystemLost";

export function decidePhase(observation: Observation): PhaseDecision {
  const { vmi } = observation;
  const current = (vmi.status?.phase || "Pending") as Phase;
  if (isFinal(vmi)) return { phase: current };
  const pod = launcherOf(observation);
  if (pod === undefined) return withoutPod(observation, current);
  if (hasEnded(pod) || hasFailedToStart(observation, pod)) return ended(pod);
  if (!observation.nodeExists) return { phase: "Failed", reason: "NodeUnresponsive" };
  if (current === "Pending") return { phase: "Scheduling" };
  if (current === "Scheduling" && isRunning(pod)) return { phase: "Scheduled" };
  return { phase: current };
}

function withoutPod({ vmi }: Observation, current: Phase): PhaseDecision {
  const neverHadOne = current === "Pending" || vmi.metadata?.deletionTimestamp !== undefined;
  return neverHadOne ? { phase: current } : { phase: "Failed", reason: "PodNotExists" };
}

/** One of its containers waits for ever for another one, which has ended. */
function hasFailedToStart({ vmi }: Observation, pod: LauncherPod): boolean {
  if (lostFilesystem(pod)) return vmi.status?.phase !== "Running";
  return isBeforeHandover(vmi) && qemuExit(pod) !== undefined;
}

function ended(pod: LauncherPod): PhaseDecision {
  if (pod.status?.phase === "Succeeded") return { phase: "Succeeded" };
  const exit = qemuExit(pod);
  const found = failedCopy(pod) ? diskCopyFailed : lostFilesystem(pod) ? filesystemLost : exit && endReason(exit);
  const reason = pod.status?.reason ?? found;
  // What else is in its pod may have ended otherwise.
  return exit?.exitCode === 0 && !pod.status?.reason
    ? { phase: "Succeeded" }
    : { phase: "Failed", reason: reason ?? "PodFailed" };
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
