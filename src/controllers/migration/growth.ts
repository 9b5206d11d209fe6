/**
 * Where pods stay as large as they were made: moves an instance whose launcher lacks room for what it asks for by now to a new launcher, which
 * is made with that room. There the node agent gives the guest the rest. How many move at once is the migration controller's business.
 */
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
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { launcherOf } from "../virtualmachineinstance/observation.ts";
import { podsOf } from "../virtualmachineinstance/observe.ts";
import { lacksRoom, mayGrow, type RoomAnnotations, roomFor } from "../virtualmachineinstance/room.ts";
import { createMigration } from "./create-migration.ts";
import { failureBackoffLeftMs } from "./failure-backoff.ts";
import { byVmi, type MigrationInformers, vmiKeyOf } from "./observe.ts";

export interface Growth {
  vmi: VirtualMachineInstance;
  pods: readonly LauncherPod[];
  migrations: readonly VirtualMachineInstanceMigration[];
  nowMs: number;
}

/** The room that is wanted, when it is time to try. Pure. */
export function planMove(growth: Growth): RoomAnnotations[] {
  const { vmi, migrations } = growth;
  const pod = launcherOf(growth);
  if (pod === undefined || !mayGrow(vmi, pod) || !lacksRoom(vmi, pod) || !migrations.every(isFinalMigration)) return [];
  if (!isConditionTrue(vmi.status?.conditions, vmiConditions.liveMigratable)) return [];
  return backoffLeftMs(growth) > 0 ? [] : [roomFor(vmi.spec)];
}

/** Counted anew for each size. */
function backoffLeftMs({ vmi, migrations, nowMs }: Growth): number {
  const wanted = roomFor(vmi.spec);
  const attempts = migrations.filter(({ metadata }) =>
    [annotations.roomForSockets, annotations.roomForMemory].every(
      (name) => metadata?.annotations?.[name] === wanted[name],
    ),
  );
  return failureBackoffLeftMs(attempts, nowMs);
}

export interface GrowthOptions {
  client: Client;
  informers: MigrationInformers;
  events: EventRecorder;
  signal: AbortSignal;
}

interface Action {
  vmi: VirtualMachineInstance;
  room: RoomAnnotations;
}

function createGrowthReconciler({ client, informers, events }: GrowthOptions): Reconciler<Growth, Action> {
  return {
    name: "growth",
    observe(key) {
      const { namespace, name } = parseObjectKey(key);
      const vmi = informers.vmis.get(namespace, name);
      if (vmi === undefined) return Promise.resolve(undefined);
      const migrations = informers.migrations.byIndex(byVmi, key);
      return Promise.resolve({ vmi, pods: podsOf(vmi, informers.pods), migrations, nowMs: Date.now() });
    },
    plan: (growth) => planMove(growth).map((room) => ({ vmi: growth.vmi, room })),
    async execute({ vmi, room }, signal) {
      await createMigration(
        { client, events },
        vmi,
        { generateName: "kubevirt-workload-update-", annotations: room },
        signal,
      );
    },
    requeueAfterMs: (growth) => {
      const leftMs = backoffLeftMs(growth);
      return leftMs > 0 ? leftMs : undefined;
    },
  };
}

export function startGrowthController(options: GrowthOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createGrowthReconciler(options), { signal });
  enqueueOnChange(loop, informers.vmis, (vmi) => (vmi.status?.phase === "Running" ? [objectKey(vmi)] : []));
  enqueueOnChange(loop, informers.migrations, (migration) => [vmiKeyOf(migration)]);
  return loop;
}
