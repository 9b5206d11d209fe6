/**
 * The phases of a migration, as upstream has them. Pure.
 *
 *   Pending ─▶ Scheduling ─▶ Scheduled ─▶ PreparingTarget ─▶ TargetReady ─▶ Running ─▶ Succeeded
 *      │           │             │               │                │            │
 *      └───────────┴─────────────┴───────────────┴────────────────┴────────────┴─────▶ Failed
 *
 * They only tell: each follows from the instance's register and the target pod. One step at a time, so that whoever watches
 * sees them all; the controller's next effect waits for the phase it belongs to.
 */
import { type MigrationPhase, migrationPhases } from "../../../api/kubevirt/migration/migration.ts";
import { isFinal } from "../virtualmachineinstance/observation.ts";
import { isRunning } from "../virtualmachineinstance/status/phase.ts";
import { claimedState, type Observation, targetPodOf } from "./observation.ts";

export function decidePhase(observation: Observation): MigrationPhase {
  const current = currentPhase(observation);
  if (current === "Succeeded" || current === "Failed") return current;
  const reached = reachedPhase(observation);
  if (reached === "Failed") return reached;
  if (observation.migration.status?.phase === undefined) return "Pending";
  const index = migrationPhases.indexOf(current);
  return migrationPhases[Math.min(index + 1, migrationPhases.indexOf(reached))] ?? current;
}

export function currentPhase({ migration }: Pick<Observation, "migration">): MigrationPhase {
  return (migration.status?.phase || "Pending") as MigrationPhase;
}

/** What the objects say; a phase ahead of the one that is written down is reached step by step. */
export function reachedPhase(observation: Observation): MigrationPhase {
  const { vmi } = observation;
  const current = currentPhase(observation);
  const state = claimedState(observation);
  if (vmi === undefined) return "Failed";
  if (state === undefined) return current === "Pending" && !isFinal(vmi) ? "Pending" : "Failed";
  if (state.completed) return state.failed ? "Failed" : "Succeeded";
  if (state.startTimestamp) return "Running";
  if (state.targetNodeAddress) return "TargetReady";
  if (state.targetNode) return "PreparingTarget";
  const target = targetPodOf(observation);
  if (target !== undefined && isRunning(target)) return "Scheduled";
  // The pod may have gone since; its phase does not go back.
  return current === "Scheduled" ? "Scheduled" : "Scheduling";
}
