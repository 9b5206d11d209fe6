/**
 * The source's agent: it sends the guest, and is the only one to say that the guest has left for good. Pure.
 *
 *                  begin            send                 QEMU: completed, postmigrate
 *   target offers ──────▶ started ──────▶ sending ─────────────────────────────────────▶ decideTarget ──▶ quit
 *                            │               │
 *                            └───────────────┴── abort, timeout, QEMU failed ──▶ decideSource ──▶ cancel, resume
 *
 * `postmigrate` is a state that QEMU never leaves by itself, and one that it reaches only after the target has loaded
 * everything (capability `return-path`). Before that QEMU lets the guest go on by itself when the transfer fails: so until
 * then nobody else may run it, and from then on it may run here only after `decideSource`.
 */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { decisionOf } from "../../../api/kubevirt/migration.ts";
import * as register from "../../../api/kubevirt/migration-register.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import type { MigrationStatus } from "../../qemu/qmp/commands.ts";
import { timestamp } from "../../runtime/conditions.ts";
import type { SourceObservation } from "./observation.ts";
import { overdue } from "./patience.ts";
import { transportOf } from "./transport.ts";

export type SourceDecision = { type: "begin" } | { type: "decideTarget" } | { type: "decideSource"; reason: string };

export type SourceAction =
  | { type: "send"; observation: SourceObservation }
  | { type: "cancel"; observation: SourceObservation }
  | { type: "resume"; observation: SourceObservation }
  | { type: "quit"; observation: SourceObservation };

const underWay: readonly (MigrationStatus | undefined)[] = [
  "setup",
  "active",
  "pre-switchover",
  "device",
  "wait-unplug",
];

/** What is to be written into the register. */
export function decideAtSource(observation: SourceObservation): SourceDecision | undefined {
  const { state, runState, transfer } = observation;
  if (state.completed || decisionOf(state) !== "undecided") return undefined;
  const hasLeft = runState === "postmigrate" && transfer.status === "completed" && state.startTimestamp !== undefined;
  if (hasLeft && !state.abortRequested) return { type: "decideTarget" };
  const reason = failureOf(observation);
  if (reason !== undefined) return { type: "decideSource", reason };
  const mayBegin = state.targetNodeAddress !== undefined && state.startTimestamp === undefined && isSteady(observation);
  return mayBegin ? { type: "begin" } : undefined;
}

/** The register as `decision` leaves it. */
export function enterDecision(
  vmi: VirtualMachineInstance,
  migrationUid: string,
  decision: SourceDecision,
  nowMs: number,
): VirtualMachineInstanceStatus | undefined {
  const now = timestamp(new Date(nowMs));
  if (decision.type === "begin") return register.begin(vmi, migrationUid, now);
  if (decision.type === "decideTarget") return register.decideTarget(vmi, migrationUid);
  return register.decideSource(vmi, migrationUid, { reason: decision.reason, now });
}

export function planSource(observation: SourceObservation): SourceAction[] {
  return plans[decisionOf(observation.state)](observation);
}

const plans: Record<ReturnType<typeof decisionOf>, (observation: SourceObservation) => SourceAction[]> = {
  undecided: (observation) =>
    observation.state.startTimestamp !== undefined && isToSend(observation) ? [{ type: "send", observation }] : [],
  source: keep,
  target: (observation) => (observation.state.completed ? [{ type: "quit", observation }] : []),
};

/** The guest stays: nothing more is sent, and if it stood still for its departure it goes on. */
function keep(observation: SourceObservation): SourceAction[] {
  const { runState, transfer } = observation;
  if (underWay.includes(transfer.status)) return [{ type: "cancel", observation }];
  return runState === "postmigrate" && !isPausedByUser(observation) ? [{ type: "resume", observation }] : [];
}

/**
 * Not yet sent, for certain: this QEMU has never sent anything, or this very agent has only just written that it begins.
 * What an earlier migration left in QEMU looks like a transfer that failed.
 */
function isToSend({ record, transfer }: SourceObservation): boolean {
  return !record.sent && !underWay.includes(transfer.status) && (record.begun || isUntouched(transfer.status));
}

function isUntouched(status: MigrationStatus | undefined): boolean {
  return status === undefined || status === "none";
}

function failureOf(observation: SourceObservation): string | undefined {
  const { state, record } = observation;
  if (state.abortRequested) return "Live migration aborted: the migration was deleted";
  const transport = state.targetNode === undefined ? undefined : transportOf(state);
  if (transport?.type === "unavailable") return `Live migration is not possible ${transport.reason}`;
  if (state.startTimestamp === undefined) return undefined;
  return record.failure ?? transferFailure(observation) ?? overdue(observation);
}

function transferFailure(observation: SourceObservation): string | undefined {
  const { transfer, record } = observation;
  if (underWay.includes(transfer.status) || isToSend(observation)) return undefined;
  if (record.sent && isUntouched(transfer.status)) return undefined;
  if (!record.sent) return "Live migration failed: the node agent was restarted, and does not know what became of it";
  return `Live migration failed: ${transfer["error-desc"] ?? `the transfer is ${transfer.status}`}`;
}

/** Running, or standing still because its user wants it to, and the object says so: at the target it will be the same. */
function isSteady(observation: SourceObservation): boolean {
  const { runState } = observation;
  return runState === "running" || (runState === "paused" && isPausedByUser(observation));
}

export function isPausedByUser({ vmi }: Pick<SourceObservation, "vmi">): boolean {
  return isConditionTrue(vmi.status?.conditions, vmiConditions.paused);
}
