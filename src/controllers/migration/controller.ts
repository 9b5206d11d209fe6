/**
 * Carries VirtualMachineInstanceMigrations out, as far as it is not the agents' to do: makes room for the guest (the target
 * pod), hands it over to the agents, and tells how far it is.
 */
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { isFinalMigration } from "../../../api/kubevirt/migration/migration.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import {
  type VirtualMachineInstanceMigration,
  virtualMachineInstanceMigrations,
} from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import type { FindAutoLimits } from "../virtualmachineinstance/launcher/auto-limits.ts";
import { execute } from "./execute.ts";
import type { Observation } from "./observation.ts";
import { byVmi, type MigrationInformers, observe } from "./observe.ts";
import { currentPhase, reachedPhase } from "./phase.ts";
import { type Action, plan } from "./plan.ts";
import { decideStatus } from "./status.ts";

export interface MigrationControllerOptions {
  client: Client;
  informers: MigrationInformers;
  events: EventRecorder;
  launcherImage: string;
  imageVolumes: boolean;
  configuration: () => VirtConfiguration;
  autoLimits: FindAutoLimits;
  signal: AbortSignal;
}

const nextPhaseMs = 1;
const patienceMs = 15_000;

export function createMigrationReconciler(options: MigrationControllerOptions): Reconciler<Observation, Action> {
  const recentClaims = new Map<string, string>();
  const context = {
    ...options,
    recentClaims,
    onClaimed: (uid: string, node: string) => void recentClaims.set(uid, node),
  };
  return {
    name: "migration",
    observe: (key) => Promise.resolve(observe(context, key)),
    plan,
    writeStatus: (observation, signal) => writeStatus(options, observation, signal),
    execute: (action, signal) => execute(context, action, signal),
    requeueAfterMs,
  };
}

async function writeStatus(
  { client, events }: MigrationControllerOptions,
  observation: Observation,
  signal: AbortSignal,
): Promise<void> {
  const { migration } = observation;
  const status = decideStatus(observation);
  if (sameJson(status, migration.status)) return;
  try {
    await client.updateStatus(virtualMachineInstanceMigrations, { ...migration, status }, { signal });
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    throw error;
  }
  if (status.phase !== migration.status?.phase) recordEnd(events, migration, status);
}

function recordEnd(
  events: EventRecorder,
  migration: VirtualMachineInstanceMigration,
  status: NonNullable<VirtualMachineInstanceMigration["status"]>,
): void {
  const state = status.migrationState;
  if (status.phase === "Succeeded") {
    const message = `Migrated VMI ${migration.spec?.vmiName} from pod ${state?.sourcePod} to ${state?.targetPod}`;
    events.record(migration, "Normal", "SuccessfulMigration", message);
  }
  if (status.phase !== "Failed") return;
  const aborted = state?.abortStatus === "Succeeded";
  const reason = aborted ? "SuccessfulAbortMigration" : "FailedMigration";
  const why = state?.failureReason ?? "the virtual machine instance is gone or ended";
  events.record(migration, aborted ? "Normal" : "Warning", reason, `VMI was not migrated: ${why}`);
}

/** A phase behind the objects goes on at once; of a limit or a patience that ended nobody tells. */
export function requeueAfterMs(observation: Observation): number | undefined {
  const { migration } = observation;
  if (isFinalMigration(migration)) return undefined;
  return reachedPhase(observation) === currentPhase(observation) ? patienceMs : nextPhaseMs;
}

export function startMigrationController(options: MigrationControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const { migrations, vmis, pods } = informers;
  // One at a time: the limits are counted.
  const loop = runReconciler(createMigrationReconciler(options), { signal, concurrency: 1 });
  const openKeys = () =>
    migrations
      .list()
      .filter((each) => !isFinalMigration(each))
      .map(objectKey);
  enqueueOnChange(loop, migrations, (migration) =>
    isFinalMigration(migration) ? [objectKey(migration), ...openKeys()] : [objectKey(migration)],
  );
  enqueueOnChange(loop, vmis, (vmi) => migrations.byIndex(byVmi, objectKey(vmi)).map(objectKey));
  enqueueOnChange(loop, pods, (pod) => migrations.byIndex(byVmi, instanceKeyOf(pod)).map(objectKey));
  return loop;
}

function instanceKeyOf({ metadata }: LauncherPod): string {
  return `${metadata?.namespace}/${metadata?.labels?.[labels.vmName]}`;
}
