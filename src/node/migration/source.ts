/**
 * The source's agent: it sends the guest, and is the only one to say that the guest has left for good. Pure.
 *
 *                  begin            send                 QEMU: completed, postmigrate
 *   target offers ──────▶ started ──────▶ sending ─────────────────────────────────────▶ decideTarget ──▶ quit
 *                            │               │
 *                            └───────────────┴── abort, timeout, QEMU failed ──▶ decideSource ──▶ cancel, resume
 *
 * Between two nodes it introduces itself before the target offers, and disks that live in its pod are copied (./copies.ts):
 *
 *   started ── copy ──▶ all ready ── send ──▶ pre-switchover: finishCopies ──▶ all concluded: continue ──▶ postmigrate
 *
 * When that takes too long and the guest may be disturbed, it is made to leave at last (./patience.ts):
 *
 *   sending ── disturb: PostCopy ──▶ startPostcopy ──▶ postcopy-active, memory arrives there ──▶ decideTarget ──▶ completed: quit
 *           └─ disturb: Paused   ──▶ pause, and on as before                │
 *                                                                          └── decided for the source meanwhile: kill
 *
 * `postmigrate` is a state that QEMU never leaves by itself, and one that it reaches only after the target has loaded
 * everything (capability `return-path`). Before that QEMU lets the guest go on by itself when the transfer fails: so until
 * then nobody else may run it, and from then on it may run here only after `decideSource`. In postcopy it does not any more once
 * the first page has been sent after the switch: from there on a broken connection leaves it waiting for ever (`postcopy-paused`).
 */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { isBeingDumped } from "../../../api/kubevirt/memory-dump.ts";
import { decisionOf, type MigrationState, standsStill } from "../../../api/kubevirt/migration/migration.ts";
import * as register from "../../../api/kubevirt/migration/register.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import type { MigrationStatus } from "../../qemu/qmp/commands.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { copiedDisks } from "./moved-disks.ts";
import type { SourceObservation } from "./observation.ts";
import { pauseAllowedMs } from "./pause-limit.ts";
import { isInPostcopy } from "./postcopy.ts";
import { disturbanceDue, overdue } from "./patience.ts";
import { transportOf } from "./transport.ts";

export type SourceDecision =
  | { type: "introduce"; introduction: register.Introduction }
  | { type: "begin" }
  | { type: "disturb"; mode: register.Disturbance }
  | { type: "decideTarget" }
  | { type: "decideSource"; reason: string }
  | { type: "goneOn" };

export interface SourceAction {
  type:
    | "introduce"
    | "copy"
    | "send"
    | "allowPause"
    | "finishCopies"
    | "continue"
    | "startPostcopy"
    | "pause"
    | "cancel"
    | "resume"
    | "dropCopies"
    | "quit"
    | "kill";
  observation: SourceObservation;
}

const underWay: readonly (MigrationStatus | undefined)[] = [
  "setup",
  "active",
  "pre-switchover",
  "device",
  "wait-unplug",
];

/** What is to be written into the register. */
export function decideAtSource(observation: SourceObservation): SourceDecision | undefined {
  const { state, runState, transfer, record } = observation;
  if (standsStill(state)) return isSteady(observation) ? { type: "goneOn" } : undefined;
  if (state.completed || decisionOf(state) !== "undecided") return undefined;
  if (isInPostcopy(transfer.status)) return hasLeftInPostcopy(observation) ? { type: "decideTarget" } : undefined;
  const hasLeft = runState === "postmigrate" && transfer.status === "completed" && state.startTimestamp !== undefined;
  const isWhole = copyFailure(observation) === undefined;
  if (hasLeft && isWhole && !state.abortRequested) return { type: "decideTarget" };
  const mode = disturbanceDue(observation);
  if (mode !== undefined && isWhole) return { type: "disturb", mode };
  const reason = failureOf(observation);
  if (reason !== undefined) return { type: "decideSource", reason };
  if (isToIntroduce(state) && record.introduction) return { type: "introduce", introduction: record.introduction };
  return mayBegin(observation) ? { type: "begin" } : undefined;
}

function isToIntroduce(state: MigrationState): boolean {
  return transportOf(state) === "tls" && state.targetNode !== undefined && state.transport === undefined;
}

function mayBegin(observation: SourceObservation): boolean {
  const { vmi, state, copies } = observation;
  const isOffered = state.targetNodeAddress !== undefined && state.startTimestamp === undefined;
  // Only this QEMU knows whether it has sent all of a dump.
  return isOffered && copies.length === 0 && isSteady(observation) && !isBeingDumped(vmi);
}

/** The register as `decision` leaves it. */
export function enterDecision(
  vmi: VirtualMachineInstance,
  migrationUid: string,
  decision: SourceDecision,
  nowMs: number,
): VirtualMachineInstanceStatus | undefined {
  const now = timestamp(new Date(nowMs));
  if (decision.type === "introduce") return register.introduce(vmi, migrationUid, decision.introduction);
  if (decision.type === "begin") return register.begin(vmi, migrationUid, now);
  if (decision.type === "disturb") return register.disturb(vmi, migrationUid, decision.mode);
  if (decision.type === "goneOn") return register.goneOn(vmi, migrationUid);
  if (decision.type === "decideTarget") return register.decideTarget(vmi, migrationUid);
  return register.decideSource(vmi, migrationUid, { reason: decision.reason, now });
}

export function planSource(observation: SourceObservation): SourceAction[] {
  return plans[decisionOf(observation.state)](observation).map((type) => ({ type, observation }));
}

type Plan = (observation: SourceObservation) => SourceAction["type"][];

const plans: Record<ReturnType<typeof decisionOf>, Plan> = {
  undecided: move,
  source: keep,
  target: ({ state }) => (state.completed ? ["quit"] : []),
};

function move(observation: SourceObservation): SourceAction["type"][] {
  const { state, transfer, copies, record, runState } = observation;
  if (isToIntroduce(state)) return record.introduction ? [] : ["introduce"];
  // Copies that an earlier migration has left.
  if (state.startTimestamp === undefined) return copies.length > 0 ? ["dropCopies"] : [];
  if (isToSend(observation)) return isCopied(observation) ? ["send"] : ["copy"];
  if (transfer.status === "active" && state.mode === "PostCopy") return ["startPostcopy"];
  if (transfer.status === "active" && state.mode === "Paused" && runState === "running") return ["pause"];
  if (transfer.status === "active" && pauseAllowedMs(transfer) > (record.pauseMs ?? 0)) return ["allowPause"];
  if (transfer.status !== "pre-switchover" || copies.some(({ error }) => error !== undefined)) return [];
  if (copies.every(({ status }) => status === "concluded")) return ["continue"];
  return copies.some(({ status }) => status === "ready") ? ["finishCopies"] : [];
}

/**
 * The guest stays: nothing more is sent, and if it stood still for its departure it goes on. From postcopy QEMU has no way back: it
 * is ended, and the instance with it.
 */
function keep(observation: SourceObservation): SourceAction["type"][] {
  const { runState, transfer, copies, state } = observation;
  if (underWay.includes(transfer.status)) return ["cancel"];
  if (isInPostcopy(transfer.status)) return runState === "running" ? [] : ["kill"];
  const stoodStill = runState === "postmigrate" || (runState === "paused" && standsStill(state));
  const isStill = stoodStill && !isPausedByUser(observation);
  return [...(isStill ? (["resume"] as const) : []), ...(copies.length > 0 ? (["dropCopies"] as const) : [])];
}

/** Until memory has been sent after the switch it may still fail as ever, and QEMU let its guest go on by itself. */
function hasLeftInPostcopy({ runState, transfer }: SourceObservation): boolean {
  const isSent = (transfer.ram?.["postcopy-bytes"] ?? 0) > 0 || transfer.status !== "postcopy-active";
  return runState !== "running" && isSent;
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
  if (state.abortRequested && !isSwitching(observation)) return "Live migration aborted: the migration was deleted";
  if (record.failure !== undefined) return record.failure;
  if (state.startTimestamp === undefined) return isForgotten(observation) ? restarted : undefined;
  return copyFailure(observation) ?? transferFailure(observation) ?? overdue(observation);
}

/** Nobody can say any more on which side of the switch to postcopy it would be cancelled. */
function isSwitching({ state, transfer }: SourceObservation): boolean {
  return state.mode === "PostCopy" && underWay.includes(transfer.status);
}

const restarted = "Live migration failed: the node agent was restarted, and does not know what became of it";

/** The key to what the register says of this end is lost. */
function isForgotten({ state, record }: SourceObservation): boolean {
  return state.transport !== undefined && record.credentials === undefined;
}

function transferFailure(observation: SourceObservation): string | undefined {
  const { transfer, record } = observation;
  if (underWay.includes(transfer.status)) return undefined;
  if (isToSend(observation)) return isForgotten(observation) ? restarted : undefined;
  if (record.sent && isUntouched(transfer.status)) return undefined;
  if (isBetweenLastSteps(observation)) return undefined;
  if (!record.sent) return restarted;
  return `Live migration failed: ${transfer["error-desc"] ?? `the transfer is ${transfer.status}`}`;
}

/** QEMU tells of the first, `completed`, and not of the second, `postmigrate`. */
export function isBetweenLastSteps({ transfer, runState }: SourceObservation): boolean {
  return transfer.status === "completed" && runState === "finish-migrate";
}

/** Every disk must be copied before anything is sent, and stay so. */
function copyFailure(observation: SourceObservation): string | undefined {
  const { vmi, state, record, copies, transfer, runState } = observation;
  if (transportOf(state) === "unix") return undefined;
  const failed = copies.find(({ error }) => error !== undefined);
  if (failed !== undefined) return `Live migration failed: ${failed.id}: ${failed.error}`;
  const isLeaving = runState === "postmigrate" || runState === "finish-migrate";
  const isNeeded = record.sent || underWay.includes(transfer.status) || isLeaving;
  return isNeeded && copies.length < copiedDisks(vmi).length
    ? "Live migration failed: a copy of a disk has vanished"
    : undefined;
}

function isCopied({ vmi, state, copies }: SourceObservation): boolean {
  if (transportOf(state) === "unix") return true;
  return copies.length === copiedDisks(vmi).length && copies.every(({ status }) => status === "ready");
}

/** Running, or standing still because its user wants it to, and the object says so: at the target it will be the same. */
function isSteady(observation: SourceObservation): boolean {
  const { runState } = observation;
  return runState === "running" || (runState === "paused" && isPausedByUser(observation));
}

export function isPausedByUser({ vmi }: Pick<SourceObservation, "vmi">): boolean {
  return isConditionTrue(vmi.status?.conditions, vmiConditions.paused);
}
