/** The status of a migration. Pure. */
import { migrationConditions } from "../../../api/kubevirt/conditions.ts";
import type { MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { Condition } from "../../../api/meta.ts";
import { setCondition } from "../../runtime/conditions.ts";
import { claimedState, type Observation } from "./observation.ts";
import { decidePhase } from "./phase.ts";

type Status = NonNullable<VirtualMachineInstanceMigration["status"]>;

export function decideStatus(observation: Observation): Status {
  const { migration, now } = observation;
  const current = migration.status ?? {};
  const phase = decidePhase(observation);
  const state = claimedState(observation);
  const conditions = decideConditions(observation);
  return {
    ...current,
    phase,
    ...(state && { migrationState: withoutTransport(state) }),
    phaseTransitionTimestamps: transitions(current, phase, now),
    ...(conditions && { conditions }),
  };
}

/** The ends' own business, and long. */
function withoutTransport(state: MigrationState): Status["migrationState"] {
  const { transport: _transport, ...told } = state;
  return told;
}

function transitions(current: Status, phase: string, now: string): Status["phaseTransitionTimestamps"] {
  const earlier = current.phaseTransitionTimestamps ?? [];
  if (earlier.some((transition) => transition.phase === phase)) return earlier;
  return [...earlier, { phase, phaseTransitionTimestamp: now }];
}

function decideConditions(observation: Observation): Status["conditions"] {
  const current = observation.migration.status?.conditions;
  if (!claimedState(observation)?.abortRequested) return current;
  const type = migrationConditions.abortRequested;
  const aborted: Condition = { type, status: "True", reason: "AbortRequested", message: "the migration was deleted" };
  return setCondition(current, aborted, new Date(observation.now));
}
