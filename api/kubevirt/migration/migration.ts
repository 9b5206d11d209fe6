/**
 * What the objects say about a live migration. Pure.
 *
 * `status.migrationState` of the VirtualMachineInstance is the one register that says which launcher may run the guest:
 *
 *             claimed by a migration                  the source agent: the guest has left its QEMU
 *   (none) ──────────────────────────▶ undecided ────────────────────────────────────────────────▶ target
 *                                          │          targetNodeDomainDetected
 *                                          │ failed
 *                                          ▼
 *                                        source
 *
 * Undecided means source. Each arrow is one update under the object's resource version, so exactly one of two that
 * race is taken, and none goes back. See docs/decisions/0017-who-runs-a-migrating-guest.md.
 */
import type { KubeObject } from "../../meta.ts";
import { findCondition, vmiConditions } from "../conditions.ts";
import { labels } from "../names.ts";
import type { VirtualMachineInstanceMigration } from "../resources.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../types.ts";

export type MigrationState = NonNullable<VirtualMachineInstanceStatus["migrationState"]>;
export type MigrationConfiguration = NonNullable<MigrationState["migrationConfiguration"]>;

export const migrationPhases = [
  "Pending",
  "Scheduling",
  "Scheduled",
  "PreparingTarget",
  "TargetReady",
  "Running",
  "Succeeded",
] as const;
export type MigrationPhase = (typeof migrationPhases)[number] | "Failed";

export function isFinalMigration(migration: VirtualMachineInstanceMigration): boolean {
  return migration.status?.phase === "Succeeded" || migration.status?.phase === "Failed";
}

/** Which launcher may run the guest. */
export function decisionOf(state: MigrationState): "undecided" | "source" | "target" {
  if (state.targetNodeDomainDetected) return "target";
  return state.failed ? "source" : "undecided";
}

/** Name of the pod that may run the guest; undefined when the instance was never migrated and has one pod only. */
export function activeLauncherName({ status }: VirtualMachineInstance): string | undefined {
  const state = status?.migrationState;
  if (state === undefined) return undefined;
  return decisionOf(state) === "target" ? state.targetPod : state.sourcePod;
}

/** The launcher that counts among an instance's pods: the active one; without migrations a live one, then the oldest. */
export function activeLauncher<T extends KubeObject>(
  vmi: VirtualMachineInstance,
  pods: readonly T[],
  hasEnded: (pod: T) => boolean,
): T | undefined {
  const name = activeLauncherName(vmi);
  if (name !== undefined) return pods.find((pod) => pod.metadata?.name === name);
  const byAge = [...pods].sort((one, other) => createdMs(one) - createdMs(other));
  return byAge.find((pod) => !hasEnded(pod)) ?? byAge[0];
}

function createdMs(pod: KubeObject): number {
  return Date.parse(pod.metadata?.creationTimestamp ?? "") || 0;
}

/** Names of the pods that may exist: the active one and, while a migration is on, its other end. */
export function launchersInUse(vmi: VirtualMachineInstance): string[] | undefined {
  const state = vmi.status?.migrationState;
  if (state === undefined) return undefined;
  const names = state.completed ? [activeLauncherName(vmi)] : [state.sourcePod, state.targetPod];
  return names.filter((name) => name !== undefined);
}

/** A migration has been claimed and has not ended. */
export function hasMigration({ status }: VirtualMachineInstance): boolean {
  return status?.migrationState !== undefined && status.migrationState.completed !== true;
}

/** The guest is on its way, or has not gone on since: its QEMU's run state is the migration's to change. */
export function isInTransit(vmi: VirtualMachineInstance): boolean {
  const state = vmi.status?.migrationState;
  return state?.startTimestamp !== undefined && (hasMigration(vmi) || standsStill(state));
}

/** It was made to stand still in order to move, and stays: it has yet to be let go on. */
export function standsStill(state: MigrationState): boolean {
  return decisionOf(state) === "source" && state.mode === "Paused";
}

/** The label by which the migrations of an instance are found. */
export function migrationSelector(vmiName: string): string {
  return `${labels.vmiName}=${vmiName}`;
}

/** Why the instance cannot be migrated, in upstream's words; undefined when it can, or nobody has said yet. */
export function migrationObstacle(vmi: VirtualMachineInstance): string | undefined {
  const phase = vmi.status?.phase;
  if (phase === "Succeeded" || phase === "Failed") return "Cannot migrate VMI in finalized state.";
  const condition = findCondition(vmi.status?.conditions, vmiConditions.liveMigratable);
  if (condition?.status !== "False") return undefined;
  return `Cannot migrate VMI, Reason: ${condition.reason}, Message: ${condition.message}`;
}
