/**
 * Whether a request (start, stop, pause ...) may be done in a situation. Pure; the reasons are upstream's, so that
 * `virtctl` and scripts that read them keep working.
 */
import { findCondition, isConditionTrue, vmiConditions } from "./conditions.ts";
import { isInTransit } from "./migration/migration.ts";
import { type RunStrategy, runStrategyOf } from "./run-strategy.ts";
import { startRequest, type StateChangeRequest, startsOf, stopRequest } from "./state-change.ts";
import type { VirtualMachine, VirtualMachineInstance } from "./types.ts";

export type DenialReason = "Conflict" | "BadRequest" | "Forbidden";

export interface Denied {
  verdict: "denied";
  reason: DenialReason;
  message: string;
}

/** What is so already is refused as upstream refuses it: scripts wait for that conflict. */
export type Verdict<Do = unknown> = ({ verdict: "do" } & Do) | Denied;

/** How a start, stop or restart is written down. */
export type Change = { runStrategy: RunStrategy } | { requests: StateChangeRequest[] };

type Machine = { vm: VirtualMachine; vmi: VirtualMachineInstance | undefined };

function denied(reason: DenialReason, message: string): Denied {
  return { verdict: "denied", reason, message };
}

export function conflict(message: string): Denied {
  return denied("Conflict", message);
}

export function badRequest(message: string): Denied {
  return denied("BadRequest", message);
}

export function mayStart({ vm, vmi }: Machine, options: { paused?: boolean }): Verdict<{ change: Change }> {
  if (vmi !== undefined && !hasEnded(vmi)) return conflict("VM is already running");
  const strategy = runStrategyOf(vm);
  if (strategy === "Always" || strategy === "Once")
    return conflict(`${strategy} does not support manual start requests`);
  if (startsOf(vm).length > 0) return conflict("VM is already being started");
  const mustAsk = options.paused && vm.spec.template.spec.startStrategy !== "Paused";
  if (strategy === "Halted" && !mustAsk) return { verdict: "do", change: { runStrategy: "Always" } };
  return { verdict: "do", change: { requests: [startRequest(options)] } };
}

export interface Stop {
  /** Absent: nothing more than the shorter grace period is asked. */
  change?: Change;
  gracePeriodSeconds?: number;
}

export function mayStop({ vm, vmi }: Machine, options: { gracePeriodSeconds?: number }): Verdict<Stop> {
  const { gracePeriodSeconds } = options;
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds < 0) {
    return badRequest("gracePeriod has to be greater or equal to 0");
  }
  const grace = vmi && gracePeriodSeconds !== undefined ? { gracePeriodSeconds } : {};
  const strategy = runStrategyOf(vm);
  if (strategy === "Halted") return stopHalted(vmi, gracePeriodSeconds);
  if (strategy === "Always" || strategy === "Once")
    return { verdict: "do", change: { runStrategy: "Halted" }, ...grace };
  const uid = vmi?.metadata?.uid;
  if (vmi === undefined || uid === undefined || hasEnded(vmi)) return conflict("VM is not running");
  return { verdict: "do", change: { requests: [stopRequest(uid)] }, ...grace };
}

function stopHalted(vmi: VirtualMachineInstance | undefined, gracePeriodSeconds: number | undefined): Verdict<Stop> {
  if (vmi === undefined) return conflict("VM is not running");
  const current = vmi.spec.terminationGracePeriodSeconds;
  if (gracePeriodSeconds === undefined) return conflict("Halted does not support manual stop requests");
  if (current !== undefined && gracePeriodSeconds >= current) {
    return conflict("Halted only supports manual stop requests with a shorter graceperiod");
  }
  return { verdict: "do", gracePeriodSeconds };
}

export function mayRestart(
  { vm, vmi }: Machine,
  options: { gracePeriodSeconds?: number },
): Verdict<{ change: Change; force: boolean }> {
  const { gracePeriodSeconds } = options;
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds !== 0) {
    const rule =
      gracePeriodSeconds > 0
        ? "For force restart, only gracePeriod=0 is supported for now"
        : "gracePeriod has to be greater or equal to 0";
    return badRequest(rule);
  }
  const strategy = runStrategyOf(vm);
  if (strategy === "Halted" || strategy === "Once")
    return conflict(`RunStategy ${strategy} does not support manual restart requests`);
  const uid = vmi?.metadata?.uid;
  if (vmi === undefined || uid === undefined) return conflict(`VM is not running: ${strategy}`);
  return { verdict: "do", change: { requests: [stopRequest(uid), startRequest()] }, force: gracePeriodSeconds === 0 };
}

/** Between two QEMUs nobody but the migration says which of them runs. */
export const migrating = conflict("VMI is being migrated: wait until the migration has ended, or cancel it");

export function mayMigrate(vmi: VirtualMachineInstance | undefined): Verdict {
  return vmi !== undefined && isRunning(vmi) ? { verdict: "do" } : conflict("VM is not running");
}

export function mayPause(vmi: VirtualMachineInstance): Verdict {
  if (!isRunning(vmi)) return conflict("VM is not running");
  if (isInTransit(vmi)) return migrating;
  const probe = vmi.spec.livenessProbe;
  if (probe && !probe.guestAgentPing)
    return denied("Forbidden", "Pausing VMIs with LivenessProbe is currently not supported");
  return isPaused(vmi) ? conflict("VMI is already paused") : { verdict: "do" };
}

export function mayUnpause(vmi: VirtualMachineInstance): Verdict {
  if (!isRunning(vmi)) return conflict("VM is not running");
  if (isInTransit(vmi)) return migrating;
  return isPaused(vmi) ? { verdict: "do" } : conflict("VMI is not paused");
}

export function mayReset(vmi: VirtualMachineInstance): Verdict {
  if (isInTransit(vmi)) return migrating;
  return isRunning(vmi) ? { verdict: "do" } : conflict("VM is not running");
}

export function maySoftReboot(vmi: VirtualMachineInstance): Verdict {
  if (!isRunning(vmi)) return conflict("VM is not running");
  if (isInTransit(vmi)) return migrating;
  if (isPaused(vmi)) return conflict("VMI is paused");
  const acpi = vmi.spec.domain.features?.acpi?.enabled !== false;
  return acpi || isAgentConnected(vmi)
    ? { verdict: "do" }
    : conflict("VMI neither have the agent connected nor the ACPI feature enabled");
}

export function mayFreeze(vmi: VirtualMachineInstance): Verdict {
  return isRunning(vmi) ? { verdict: "do" } : conflict("VM is not running");
}

export function mayAskAgent(vmi: VirtualMachineInstance): Verdict {
  if (!isRunning(vmi)) return conflict("VMI is not running");
  return isAgentConnected(vmi) ? { verdict: "do" } : conflict("VMI does not have guest agent connected");
}

export function mayOpenConsole(vmi: VirtualMachineInstance): Verdict {
  if (vmi.spec.domain.devices.autoattachSerialConsole === false) return badRequest("No serial consoles are present.");
  return mayStream(vmi);
}

export function mayOpenVnc(vmi: VirtualMachineInstance): Verdict {
  if (vmi.spec.domain.devices.autoattachGraphicsDevice === false) return badRequest("No graphics devices are present.");
  return mayStream(vmi);
}

export function mayRedirectUsb(vmi: VirtualMachineInstance): Verdict {
  if (vmi.spec.domain.devices.clientPassthrough === undefined) return conflict("Not configured with USB Redirection");
  return mayStream(vmi);
}

export function mayForwardPort(vmi: VirtualMachineInstance): Verdict {
  if (isPaused(vmi)) return conflict("VMI is paused");
  return isRunning(vmi) ? { verdict: "do" } : conflict("VMI is not running");
}

function mayStream(vmi: VirtualMachineInstance): Verdict {
  if (vmi.status?.phase === "Failed") return conflict("VMI is in failed status");
  return isRunning(vmi) ? { verdict: "do" } : badRequest("VMI is not running");
}

function hasEnded(vmi: VirtualMachineInstance): boolean {
  return vmi.status?.phase === "Succeeded" || vmi.status?.phase === "Failed";
}

function isRunning(vmi: VirtualMachineInstance): boolean {
  return vmi.status?.phase === "Running";
}

function isPaused(vmi: VirtualMachineInstance): boolean {
  return isConditionTrue(vmi.status?.conditions, vmiConditions.paused);
}

function isAgentConnected(vmi: VirtualMachineInstance): boolean {
  return findCondition(vmi.status?.conditions, vmiConditions.agentConnected)?.status === "True";
}
