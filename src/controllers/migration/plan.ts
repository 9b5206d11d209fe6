/**
 * What to do about a migration. Pure: ordered steps, of which the first that has something to do, or something to wait
 * for, decides. What becomes of the guest is never decided here once bytes are on their way: see
 * docs/decisions/0017-who-runs-a-migrating-guest.md.
 */
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { decisionOf, hasMigration, isFinalMigration } from "../../../api/kubevirt/migration/migration.ts";
import { annotations, finalizers } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { hasFinalizer } from "../../runtime/owner-references.ts";
import { hasEnded, isFinal, launcherOf } from "../virtualmachineinstance/observation.ts";
import { failureOf } from "./failure.ts";
import { claimedState, isDeleted, type Observation, targetPodOf } from "./observation.ts";
import { currentPhase } from "./phase.ts";

interface Subject {
  migration: VirtualMachineInstanceMigration;
  vmi: VirtualMachineInstance;
}

export type Action =
  | (Subject & { type: "claim"; source: LauncherPod })
  | (Subject & { type: "createTarget"; hasOtherNodes: boolean; blockClaims: ReadonlySet<string> })
  | (Subject & { type: "handToTarget"; node: string })
  | (Subject & { type: "requestAbort" })
  | (Subject & { type: "decideSource"; reason: string })
  | (Subject & { type: "abandon"; reason: string })
  | { type: "reportDowntime"; migration: VirtualMachineInstanceMigration; downtimeMs: number }
  | { type: "removeFinalizer"; migration: VirtualMachineInstanceMigration };

/** Undefined: not my business, ask the next. */
type Step = (observation: Observation) => Action[] | undefined;

const steps: readonly Step[] = [reportDowntime, release, waitForTurn, lose, giveUp, abort, createTarget, handToTarget];

export function plan(observation: Observation): Action[] {
  for (const step of steps) {
    const actions = step(observation);
    if (actions !== undefined) return actions;
  }
  return [];
}

/** Both agents say when, each on its own. */
function reportDowntime({ migration }: Observation): Action[] | undefined {
  const own = migration.metadata?.annotations ?? {};
  const { [annotations.guestStoppedAt]: stopped, [annotations.guestResumedAt]: resumed } = own;
  if (!stopped || !resumed || own[annotations.migrationDowntimeMs] !== undefined) return undefined;
  return [{ type: "reportDowntime", migration, downtimeMs: Date.parse(resumed) - Date.parse(stopped) }];
}

/** Ended, or deleted before it began. */
function release(observation: Observation): Action[] | undefined {
  const { migration } = observation;
  const isUnclaimed = isDeleted(observation) && claimedState(observation) === undefined;
  if (!isFinalMigration(migration) && !isUnclaimed) return undefined;
  return hasFinalizer(migration, finalizers.migration) ? [{ type: "removeFinalizer", migration }] : [];
}

function waitForTurn(observation: Observation): Action[] | undefined {
  const { migration, vmi, others, configuration, pods } = observation;
  if (claimedState(observation) !== undefined) return undefined;
  if (observation.hasOpenPredecessor) return [];
  if (vmi === undefined || isFinal(vmi) || hasMigration(vmi) || currentPhase(observation) !== "Pending") return [];
  const isFull =
    others.overall >= configuration.parallelMigrationsPerCluster ||
    others.fromNode >= configuration.parallelOutboundMigrationsPerNode;
  const source = launcherOf({ vmi, pods });
  if (isFull || source === undefined || vmi.status?.phase !== "Running") return [];
  return [{ type: "claim", migration, vmi, source }];
}

const lost = "the guest had left its source, but its target ended before it went on there";
const lostInPostcopy =
  "the guest is lost: in postcopy it ran at its target with part of its memory still at its source, and one of them ended or their connection broke";

/** The guest was handed over, and its instance has ended before the target said that it runs. */
function lose(observation: Observation): Action[] | undefined {
  const { migration, vmi } = observation;
  const state = claimedState(observation);
  if (vmi === undefined || state === undefined || decisionOf(state) !== "target") return undefined;
  const target = targetPodOf(observation);
  const isLost = isFinal(vmi) || target === undefined || hasEnded(target);
  const reason = state.mode === "PostCopy" ? lostInPostcopy : lost;
  return state.completed || !isLost ? [] : [{ type: "abandon", migration, vmi, reason }];
}

function giveUp(observation: Observation): Action[] | undefined {
  const { migration, vmi } = observation;
  if (vmi === undefined || claimedState(observation)?.completed) return [];
  const reason = failureOf(observation);
  return reason === undefined ? undefined : [{ type: "decideSource", migration, vmi, reason }];
}

function abort(observation: Observation): Action[] | undefined {
  const { migration, vmi } = observation;
  if (!isDeleted(observation) || vmi === undefined) return undefined;
  return claimedState(observation)?.abortRequested ? [] : [{ type: "requestAbort", migration, vmi }];
}

function createTarget(observation: Observation): Action[] | undefined {
  const { migration, vmi, hasOtherNodes, blockClaims } = observation;
  if (vmi === undefined || currentPhase(observation) !== "Scheduling" || targetPodOf(observation)) return undefined;
  return [{ type: "createTarget", migration, vmi, hasOtherNodes, blockClaims }];
}

function handToTarget(observation: Observation): Action[] | undefined {
  const { migration, vmi } = observation;
  const node = targetPodOf(observation)?.spec?.nodeName;
  const isReady = currentPhase(observation) === "Scheduled" && claimedState(observation)?.targetNode === undefined;
  return isReady && vmi && node ? [{ type: "handToTarget", migration, vmi, node }] : undefined;
}
