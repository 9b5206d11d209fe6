/**
 * Crash-loop back-off: an instance that failed before it ran, or soon after, makes the next start wait longer.
 * Pure; the jitter comes from the failed instance's uid, so that computing it again gives the same time.
 */
import { createHash } from "node:crypto";
import { runStrategyOf } from "../../../api/kubevirt/run-strategy.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { enteredMs, hasFailed, type Observation, vmiOf } from "./observation.ts";

export type StartFailure = NonNullable<NonNullable<VirtualMachine["status"]>["startFailure"]>;

const stepSeconds = 10;
const longestSeconds = 300;
const jitterShare = 0.5;
/** An instance that ran this long did start. */
export const settledMs = 30_000;

export function decideStartFailure(observation: Observation): StartFailure | undefined {
  const { vm, nowMs } = observation;
  const current = vm.status?.startFailure;
  const vmi = vmiOf(observation);
  if (!["Always", "RerunOnFailure", "Once"].includes(runStrategyOf(vm))) return undefined;
  if (vmi === undefined) return current;
  if (hasFailedEarly(vmi))
    return current?.lastFailedVMIUID === vmi.metadata?.uid ? current : nextFailure(current, vmi, nowMs);
  return hasSettled(vmi, nowMs) ? undefined : current;
}

function nextFailure(current: StartFailure | undefined, vmi: VirtualMachineInstance, nowMs: number): StartFailure {
  const consecutiveFailCount = (current?.consecutiveFailCount ?? 0) + 1;
  const uid = vmi.metadata?.uid ?? "";
  return {
    consecutiveFailCount,
    lastFailedVMIUID: uid,
    retryAfterTimestamp: timestamp(new Date(nowMs + backoffSeconds(consecutiveFailCount, uid) * 1000)),
  };
}

export function backoffSeconds(failures: number, uid: string): number {
  const jitter = (createHash("sha256").update(uid).digest()[0] ?? 0) / 255;
  return Math.min(longestSeconds, Math.round(stepSeconds * failures ** 2 * (1 + jitter * jitterShare)));
}

function hasFailedEarly(vmi: VirtualMachineInstance): boolean {
  if (!hasFailed(vmi) || vmi.metadata?.deletionTimestamp !== undefined) return false;
  const ranFromMs = enteredMs(vmi, "Running");
  const failedMs = enteredMs(vmi, "Failed");
  return ranFromMs === undefined || failedMs === undefined || failedMs - ranFromMs < settledMs;
}

function hasSettled(vmi: VirtualMachineInstance, nowMs: number): boolean {
  const ranFromMs = enteredMs(vmi, "Running");
  return ranFromMs !== undefined && nowMs - ranFromMs >= settledMs;
}

/** How long a start must still wait; 0 when it need not. */
export function remainingBackoffMs(observation: Observation): number {
  const retryAfter = decideStartFailure(observation)?.retryAfterTimestamp;
  return retryAfter === undefined ? 0 : Math.max(0, Date.parse(retryAfter) - observation.nowMs);
}
