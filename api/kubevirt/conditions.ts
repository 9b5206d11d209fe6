/** Condition types and reasons of VirtualMachine and VirtualMachineInstance, and how to look one up. */
import type { Condition } from "../meta.ts";

export const vmiConditions = {
  provisioning: "Provisioning",
  ready: "Ready",
  synchronized: "Synchronized",
  paused: "Paused",
  agentConnected: "AgentConnected",
  accessCredentialsSynchronized: "AccessCredentialsSynchronized",
  liveMigratable: "LiveMigratable",
  storageLiveMigratable: "StorageLiveMigratable",
  hotVCPUChange: "HotVCPUChange",
  hotMemoryChange: "HotMemoryChange",
  softwareEmulation: "SoftwareEmulation",
  podScheduled: "PodScheduled",
  /** The VM agent of the machine's node gives no sign of life: what the status says of the guest may be old. */
  nodeUnresponsive: "NodeUnresponsive",
} as const;

/** On launcher pods. */
export const podConditions = {
  /** A readiness gate: False while the guest is paused. */
  unpaused: "kubevirt.io/virtual-machine-unpaused",
} as const;

export const vmConditions = {
  ready: "Ready",
  paused: "Paused",
  failure: "Failure",
  restartRequired: "RestartRequired",
} as const;

/** Conditions that the VM controller computes itself; every other one is copied from the VMI. */
export const ownVmConditions: readonly string[] = [vmConditions.failure, vmConditions.restartRequired];

export const readyReasons = {
  podTerminating: "PodTerminating",
  podNotExists: "PodNotExists",
  podConditionMissing: "PodConditionMissing",
  guestNotRunning: "GuestNotRunning",
  guestPaused: "GuestPaused",
  vmiNotExists: "VMINotExists",
} as const;

/** Why `LiveMigratable` is False. */
export const notMigratableReasons = {
  disks: "DisksNotLiveMigratable",
  interfaces: "InterfaceNotLiveMigratable",
  hostDevices: "HostDeviceNotLiveMigratable",
  hotplug: "HotplugNotLiveMigratable",
  persistentState: "PersistentStateNotLiveMigratable",
  hypervPassthrough: "HypervPassthroughNotLiveMigratable",
  hugePages: "HugePagesNotLiveMigratable",
  filesystems: "VirtIOFSNotLiveMigratable",
} as const;

/** On a VirtualMachineInstanceMigration. */
export const migrationConditions = { abortRequested: "migrationAbortRequested" } as const;

export const podScheduledReasons = { unschedulable: "Unschedulable" } as const;

export type Phase =
  | "Pending"
  | "Scheduling"
  | "Scheduled"
  | "Running"
  | "Succeeded"
  | "Failed"
  | "WaitingForSync"
  | "Unknown";

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}
