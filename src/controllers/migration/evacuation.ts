/**
 * Moves the instances off a node that is to be emptied: whoever refuses the eviction of a launcher writes
 * `status.evacuationNodeName`, and this makes the migration that it asks for. The migration's end at another launcher clears it.
 * How many move at once is the migration controller's business, and instances of the strategy External are somebody else's.
 */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { isFinalMigration } from "../../../api/kubevirt/migration/migration.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { createMigration } from "./create-migration.ts";
import { failureBackoffLeftMs } from "./failure-backoff.ts";
import { byVmi, type MigrationInformers, vmiKeyOf } from "./observe.ts";

export interface Evacuation {
  vmi: VirtualMachineInstance;
  migrations: readonly VirtualMachineInstanceMigration[];
  /** Of the cluster: for instances that name none. */
  evictionStrategy: string | undefined;
  nowMs: number;
}

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
  const node = vmi.status?.evacuationNodeName;
  const own = migrations.filter(({ metadata }) => metadata?.annotations?.[annotations.evacuationMigration] === node);
  return failureBackoffLeftMs(own, nowMs);
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
    async execute({ vmi, node }, signal) {
      await createMigration(
        { client, events },
        vmi,
        { generateName: "kubevirt-evacuation-", annotations: { [annotations.evacuationMigration]: node } },
        signal,
      );
    },
    requeueAfterMs: (observation) => {
      const leftMs = backoffLeftMs(observation);
      return leftMs > 0 ? leftMs : undefined;
    },
  };
}

export function startEvacuationController(options: EvacuationOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createEvacuationReconciler(options), { signal });
  enqueueOnChange(loop, informers.vmis, (vmi) => (vmi.status?.evacuationNodeName ? [objectKey(vmi)] : []));
  enqueueOnChange(loop, informers.migrations, (migration) => [vmiKeyOf(migration)]);
  return loop;
}
