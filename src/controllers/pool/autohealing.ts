/** Which machines of a pool are given up: those that failed to start too often and for too long. Pure. */
import { findCondition, vmConditions } from "../../../api/kubevirt/conditions.ts";
import { autohealingDefaults } from "../../../api/kubevirt/pool/strategies.ts";
import type { VirtualMachinePool } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { parseDurationMs } from "../../base/duration.ts";

/** Milliseconds until it is given up, if nothing gets better. */
export type Health = "well" | "beyond recovery" | { givenUpInMs: number };

export function healthOf({ spec }: VirtualMachinePool, { status }: VirtualMachine, nowMs: number): Health {
  if (spec.autohealing === undefined) return "well";
  const { startUpFailureThreshold, minFailingToStartDuration } = { ...autohealingDefaults, ...spec.autohealing };
  if ((status?.startFailure?.consecutiveFailCount ?? 0) < startUpFailureThreshold) return "well";
  const ready = findCondition(status?.conditions, vmConditions.ready);
  if (ready?.status === "True") return "well";
  const sinceMs = Date.parse(ready?.lastTransitionTime ?? "") || nowMs;
  const leftMs = sinceMs + (parseDurationMs(minFailingToStartDuration) ?? 0) - nowMs;
  return leftMs > 0 ? { givenUpInMs: leftMs } : "beyond recovery";
}
