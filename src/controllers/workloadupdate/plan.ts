/**
 * Brings running machines to the launcher that a new one would have, as the KubeVirt resource says. Pure.
 *
 *   running, older image ──mark──▶ outdated ──LiveMigrate──▶ migration, as many at once as may migrate ──▶ newer pod ──unmark
 *                                     └───────Evict────────▶ its pod is evicted, a batch at a time; its VM starts it anew
 *
 * Who can migrate is never evicted while that is allowed. A migration in vain is tried again ever later.
 */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { isFinalMigration } from "../../../api/kubevirt/migration/migration.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isMarkedOutdated, type UpdateStrategy } from "../../../api/kubevirt/workload-update.ts";
import { failureBackoffLeftMs } from "../migration/failure-backoff.ts";

export interface Workload {
  vmi: VirtualMachineInstance;
  /** It runs another image than a launcher that is started now. */
  isOutdated: boolean;
  /** The pod that runs it; undefined while it is being replaced or ended. */
  podName: string | undefined;
  migrations: readonly VirtualMachineInstanceMigration[];
}

export interface Observation {
  /** Those that are outdated, or marked so. */
  workloads: readonly Workload[];
  strategy: UpdateStrategy;
  /** How many more migrations may begin. */
  freeMigrations: number;
  lastEvictionMs: number;
  nowMs: number;
}

export type Action =
  | { type: "mark"; vmi: VirtualMachineInstance; outdated: boolean }
  | { type: "migrate"; vmi: VirtualMachineInstance }
  | { type: "evict"; vmi: VirtualMachineInstance; podName: string };

export function plan(observation: Observation): Action[] {
  const { workloads, strategy, freeMigrations } = observation;
  const marks = workloads.filter(({ vmi, isOutdated }) => isMarkedOutdated(vmi) !== isOutdated);
  const outdated = workloads.filter(mayMove);
  const movable = outdated.filter(({ vmi }) => strategy.methods.includes("LiveMigrate") && canMigrate(vmi));
  const due = movable.filter((workload) => backoffLeftMs(workload, observation.nowMs) <= 0);
  const others = outdated.filter((workload) => !movable.includes(workload));
  return [
    ...marks.map(({ vmi, isOutdated }): Action => ({ type: "mark", vmi, outdated: isOutdated })),
    ...due.slice(0, Math.max(0, freeMigrations)).map(({ vmi }): Action => ({ type: "migrate", vmi })),
    ...planEvictions(observation, others),
  ];
}

function planEvictions({ strategy, lastEvictionMs, nowMs }: Observation, candidates: readonly Workload[]): Action[] {
  if (!strategy.methods.includes("Evict") || nowMs < lastEvictionMs + strategy.batchEvictionIntervalMs) return [];
  return candidates
    .slice(0, strategy.batchEvictionSize)
    .flatMap(({ vmi, podName }): Action[] => (podName === undefined ? [] : [{ type: "evict", vmi, podName }]));
}

/** What is on its way somewhere else is looked at when it has arrived. */
function mayMove({ vmi, isOutdated, podName, migrations }: Workload): boolean {
  const stays = !vmi.metadata?.deletionTimestamp && vmi.status?.evacuationNodeName === undefined;
  return isOutdated && stays && podName !== undefined && migrations.every(isFinalMigration);
}

function canMigrate({ status }: VirtualMachineInstance): boolean {
  return isConditionTrue(status?.conditions, vmiConditions.liveMigratable);
}

function backoffLeftMs({ migrations }: Workload, nowMs: number): number {
  const own = migrations.filter(
    ({ metadata }) => metadata?.annotations?.[annotations.workloadUpdateMigration] !== undefined,
  );
  return failureBackoffLeftMs(own, nowMs);
}
