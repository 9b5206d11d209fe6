/**
 * The two ends of the migrations of this node, each a reconciler of its own: between two nodes each agent has one of them, and
 * they meet only in the instance's register. The register is written before anything follows from it is done.
 */
import { decisionOf, standsStill } from "../../../api/kubevirt/migration/migration.ts";
import type { Disturbance } from "../../../api/kubevirt/migration/register.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { changeStatus } from "../../runtime/change-status.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { type EndExecuteContext, executeAtSource, executeAtTarget } from "./execute.ts";
import { noteGuestTime } from "./note-guest-time.ts";
import type { SourceObservation, TargetObservation } from "./observation.ts";
import { observeSource, observeTarget } from "./observe.ts";
import { isInPostcopy } from "./postcopy.ts";
import { decideAtSource, enterDecision, isBetweenLastSteps, planSource, type SourceAction } from "./source.ts";
import { decideAtTarget, enterTargetDecision, planTarget, type TargetAction } from "./target.ts";

export type MigrationContext = EndExecuteContext;

/** Of timeouts nobody tells. */
const watchMs = 1_000;
/** Nor of the last steps of its departure, while the guest stands still. */
const departureMs = 5;

export function createSourceReconciler(context: MigrationContext): Reconciler<SourceObservation, SourceAction> {
  return {
    name: "migration-source",
    observe: (key) => observeSource(context, key),
    plan: planSource,
    writeStatus: (observation, signal) => writeSourceDecision(context, observation, signal),
    execute: (action, signal) => executeAtSource(context, action, signal),
    requeueAfterMs: sourceLookMs,
  };
}

function sourceLookMs(observation: SourceObservation): number | undefined {
  const { state, copies, transfer } = observation;
  const isDeparting = isInPostcopy(transfer.status) || isBetweenLastSteps(observation);
  if (decisionOf(state) === "undecided" && isDeparting) return departureMs;
  const isOpen = state.startTimestamp !== undefined && !state.completed;
  return isOpen || standsStill(state) || copies.length > 0 ? watchMs : undefined;
}

async function writeSourceDecision(
  context: MigrationContext,
  observation: SourceObservation,
  signal: AbortSignal,
): Promise<void> {
  const { vmi, migrationUid, nowMs, state } = observation;
  const decision = decideAtSource(observation);
  if (decision === undefined) return;
  const enter = (current: typeof vmi) => enterDecision(current, migrationUid, decision, nowMs);
  const written = await changeStatus(context.client, virtualMachineInstances, vmi, enter, signal);
  if (written === undefined) return;
  if (decision.type === "begin") {
    context.migrations.of(migrationUid).begun = true;
    context.events.record(vmi, "Normal", "Migrating", "VirtualMachineInstance is migrating.");
  }
  if (decision.type === "disturb") context.events.record(vmi, "Warning", "Migrating", disturbances[decision.mode]);
  if (decision.type === "decideSource") {
    const message = `VirtualMachineInstance migration uid ${migrationUid} failed. reason:${decision.reason}`;
    context.events.record(vmi, "Warning", "Migrated", message);
  }
  if (decision.type === "decideTarget") await noteGuestTime(context, vmi, state, "stopped", signal);
}

const disturbances: Record<Disturbance, string> = {
  PostCopy: "Live migration takes too long: the guest goes on at its target before all of its memory is there.",
  Paused: "Live migration takes too long: the guest stands still until it has moved.",
};

export function createTargetReconciler(context: MigrationContext): Reconciler<TargetObservation, TargetAction> {
  return {
    name: "migration-target",
    observe: (key) => observeTarget(context, key),
    plan: planTarget,
    writeStatus: (observation, signal) => writeTargetDecision(context, observation, signal),
    execute: (action, signal) => executeAtTarget(context, action, signal),
    requeueAfterMs: targetLookMs,
  };
}

async function writeTargetDecision(
  context: MigrationContext,
  observation: TargetObservation,
  signal: AbortSignal,
): Promise<void> {
  const { vmi, migrationUid, nowMs, state } = observation;
  const decision = decideAtTarget(observation);
  if (decision === undefined) return;
  const enter = (current: typeof vmi) => enterTargetDecision(current, migrationUid, decision, nowMs);
  const written = await changeStatus(context.client, virtualMachineInstances, vmi, enter, signal);
  if (written === undefined) return;
  if (decision.type === "offer") {
    context.events.record(
      vmi,
      "Normal",
      "PreparingTarget",
      `Migration Target is listening at ${decision.offer.address}`,
    );
  }
  if (decision.type === "offer" && !decision.offer.postCopy) {
    const { postcopyObstacle = "the target's QEMU is not prepared for it" } = observation.record;
    const message = `The guest moves without postcopy, which the target's node does not permit: ${postcopyObstacle}`;
    context.events.record(vmi, "Warning", "PostCopyUnavailable", message);
  }
  if (decision.type !== "finish") return;
  const message = `The VirtualMachineInstance migrated to node ${state.targetNode}.`;
  context.events.record(vmi, "Normal", "Migrated", message);
  await noteGuestTime(context, vmi, state, "resumed", signal);
}

/** Events wake us once QEMU answers; while room is made there is a next step. */
function targetLookMs(observation: TargetObservation): number | undefined {
  if (observation.state.completed) return undefined;
  const actions = planTarget(observation);
  return actions.length > 0 ? 1 : watchMs;
}
