/** The one word of `kubectl get vm`. Pure; upstream's words in upstream's order: the first that holds wins. */
import { findCondition, isConditionTrue, vmiConditions } from "./conditions.ts";
import { runStrategyOf } from "./run-strategy.ts";
import type { VirtualMachine, VirtualMachineInstance } from "./types.ts";

export interface Situation {
  vm: VirtualMachine;
  vmi: VirtualMachineInstance | undefined;
  /** A PersistentVolumeClaim of the VM is not bound yet. */
  hasUnboundClaim: boolean;
}

type Rule = readonly [word: string, holds: (situation: Situation) => boolean];

const rules: readonly Rule[] = [
  ["Terminating", ({ vm }) => vm.metadata?.deletionTimestamp !== undefined],
  ["Stopping", ({ vmi }) => vmi?.metadata?.deletionTimestamp !== undefined && !hasPhase(vmi, "Succeeded", "Failed")],
  ["Migrating", ({ vmi }) => isMigrating(vmi)],
  ["Paused", ({ vmi }) => isConditionTrue(vmi?.status?.conditions, vmiConditions.paused)],
  ["Running", ({ vmi }) => hasPhase(vmi, "Running")],
  ["ErrorPvcNotFound", ({ vmi }) => failedToSync(vmi, "FailedPvcNotFound")],
  ["ErrorUnschedulable", ({ vmi }) => isUnschedulable(vmi)],
  ["Provisioning", ({ vmi }) => isConditionTrue(vmi?.status?.conditions, vmiConditions.provisioning)],
  [
    "WaitingForVolumeBinding",
    ({ vmi, hasUnboundClaim }) => hasUnboundClaim && hasPhase(vmi, "", "Pending", "Scheduling"),
  ],
  ["ErrImagePull", ({ vmi }) => failedToSync(vmi, "ErrImagePull")],
  ["ImagePullBackOff", ({ vmi }) => failedToSync(vmi, "ImagePullBackOff")],
  ["Starting", ({ vmi }) => hasPhase(vmi, "", "Pending", "Scheduling", "Scheduled")],
  ["CrashLoopBackOff", ({ vm }) => vm.status?.startFailure !== undefined && restarts(vm)],
  ["Stopped", ({ vmi }) => vmi === undefined || hasPhase(vmi, "Succeeded", "Failed")],
];

export function printableStatus(situation: Situation): string {
  return rules.find(([, holds]) => holds(situation))?.[0] ?? "Unknown";
}

function hasPhase(vmi: VirtualMachineInstance | undefined, ...phases: string[]): boolean {
  return vmi !== undefined && phases.includes(vmi.status?.phase ?? "");
}

function isMigrating(vmi: VirtualMachineInstance | undefined): boolean {
  const migration = vmi?.status?.migrationState;
  return migration !== undefined && migration.startTimestamp !== undefined && !migration.completed;
}

function failedToSync(vmi: VirtualMachineInstance | undefined, reason: string): boolean {
  const condition = findCondition(vmi?.status?.conditions, vmiConditions.synchronized);
  return condition?.status === "False" && condition.reason === reason;
}

function isUnschedulable(vmi: VirtualMachineInstance | undefined): boolean {
  const condition = findCondition(vmi?.status?.conditions, vmiConditions.podScheduled);
  return condition?.status === "False" && condition.reason === "Unschedulable";
}

function restarts(vm: VirtualMachine): boolean {
  return ["Always", "RerunOnFailure", "Once"].includes(runStrategyOf(vm));
}
