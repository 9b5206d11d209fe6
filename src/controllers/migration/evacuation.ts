/**
 * Moves the instances off a node that is to be emptied: whoever refuses the eviction of a launcher writes
 * `status.evacuationNodeName`, and this makes the migration that it asks for. The migration's end at another launcher clears it.
 * How many move at once is the migration controller's business, and instances of the strategy External are somebody else's.
 */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { isFinalMigration } from "../../../api/kubevirt/migration.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import {
  type VirtualMachineInstanceMigration,
  virtualMachineInstanceMigrations,
} from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { byVmi, type MigrationInformers, vmiKeyOf } from "./observe.ts";

export interface Evacuation {
  vmi: VirtualMachineInstance;
  migrations: readonly VirtualMachineInstanceMigration[];
  /** Of the cluster: for instances that name none. */
  evictionStrategy: string | undefined;
  nowMs: number;
}

const firstBackoffMs = 20_000;
const longestBackoffMs = 300_000;

/** The node to be left, when it is time to try. */
export function planEvacuation(evacuation: Evacuation): string[] {
  const { vmi, migrations, evictionStrategy } = evacuation;
  if ((vmi.spec.evictionStrategy ?? evictionStrategy) === "External") return [];
  const node = vmi.status?.evacuationNodeName;
  const isWanted = node !== undefined && node === vmi.status?.nodeName && vmi.status.phase === "Running";
  if (!isWanted || vmi.metadata?.deletionTimestamp || !migrations.every(isFinalMigration)) return [];
  if (!isConditionTrue(vmi.status?.conditions, vmiConditions.liveMigratable)) return [];
  return backoffLeftMs(evacuation) > 0 ? [] : [node];
}

/** After failures in vain, longer with each. */
export function backoffLeftMs({ vmi, migrations, nowMs }: Evacuation): number {
  const failed = migrations.filter(
    ({ metadata, status }) =>
      status?.phase === "Failed" &&
      metadata?.annotations?.[annotations.evacuationMigration] === vmi.status?.evacuationNodeName,
  );
  if (failed.length === 0) return 0;
  const lastMs = Math.max(...failed.map(({ status }) => Date.parse(status?.migrationState?.endTimestamp ?? "") || 0));
  return lastMs + Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failed.length - 1)) - nowMs;
}

export interface EvacuationOptions {
  client: Client;
  informers: MigrationInformers;
  events: EventRecorder;
  configuration: () => VirtConfiguration;
  signal: AbortSignal;
}

interface Action {
  vmi: VirtualMachineInstance;
  node: string;
}

export function createEvacuationReconciler({
  client,
  informers,
  events,
  configuration,
}: EvacuationOptions): Reconciler<Evacuation, Action> {
  return {
    name: "evacuation",
    observe(key) {
      const { namespace, name } = parseObjectKey(key);
      const vmi = informers.vmis.get(namespace, name);
      if (vmi?.status?.evacuationNodeName === undefined) return Promise.resolve(undefined);
      const { evictionStrategy } = configuration();
      const migrations = informers.migrations.byIndex(byVmi, key);
      return Promise.resolve({ vmi, migrations, evictionStrategy, nowMs: Date.now() });
    },
    plan: (observation) => planEvacuation(observation).map((node) => ({ vmi: observation.vmi, node })),
    execute: (action, signal) => evacuate(client, events, action, signal),
    requeueAfterMs: (observation) => {
      const leftMs = backoffLeftMs(observation);
      return leftMs > 0 ? leftMs : undefined;
    },
  };
}

async function evacuate(
  client: Client,
  events: EventRecorder,
  { vmi, node }: Action,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name: vmiName } = vmi.metadata ?? {};
  const migration: VirtualMachineInstanceMigration = {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstanceMigration",
    metadata: {
      generateName: "kubevirt-evacuation-",
      namespace,
      annotations: { [annotations.evacuationMigration]: node },
    },
    spec: { vmiName },
  };
  try {
    const created = await client.create(virtualMachineInstanceMigrations, migration, { signal });
    events.record(vmi, "Normal", "SuccessfulCreate", `Created Migration ${created.metadata?.name}`);
  } catch (error) {
    // One that our copy does not show yet is on: its end brings us here again.
    if (!isStatus(error, "Forbidden", "NotFound")) throw error;
  }
}

export function startEvacuationController(options: EvacuationOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createEvacuationReconciler(options), { signal });
  enqueueOnChange(loop, informers.vmis, (vmi) => (vmi.status?.evacuationNodeName ? [objectKey(vmi)] : []));
  enqueueOnChange(loop, informers.migrations, (migration) => [vmiKeyOf(migration)]);
  return loop;
}
