/**
 * What to do about a VirtualMachinePool. Pure: first who belongs to it, then how many there are, then which of them do not start, then
 * of what they are made.
 *
 *   outdated machine ──update──▶ instance of the former template ──restart──▶ up to date
 *                                      └─ needs none ──relabel──▶ up to date
 */
import { vmConditions } from "../../../api/kubevirt/conditions.ts";
import { scaleInOf, updateOf } from "../../../api/kubevirt/pool/strategies.ts";
import { vmName } from "../../../api/kubevirt/pool/render-vm.ts";
import type { VirtualMachinePool } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { isConditionTrue } from "../../runtime/conditions.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import { healthOf } from "./autohealing.ts";
import { activeMembersOf, isUpToDate, type Machine, membersOf, type Observation } from "./observation.ts";
import { planRestarts } from "./restarts.ts";
import { inOrder } from "./selection.ts";

export type Action =
  | { type: "release"; pool: VirtualMachinePool; vm: VirtualMachine }
  | { type: "create"; pool: VirtualMachinePool; ordinal: number }
  | { type: "delete"; pool: VirtualMachinePool; vm: VirtualMachine; keepsVolumes: boolean }
  | { type: "update"; pool: VirtualMachinePool; vm: VirtualMachine }
  | { type: "restart"; pool: VirtualMachinePool; vm: VirtualMachine; vmi: VirtualMachineInstance }
  | { type: "relabel"; pool: VirtualMachinePool; vmi: VirtualMachineInstance };

/** Machines created in one pass; the rest follows when these are seen, so that a refused one costs one request. */
const largestBurst = 50;

export function plan(observation: Observation): Action[] {
  const { pool } = observation;
  if (isBeingDeleted(pool)) return [];
  const releases = planReleases(observation);
  if (releases.length > 0 || pool.spec.paused) return releases;
  const surplus = planScaleIn(observation);
  const removals = [...surplus, ...planHealing(observation, surplus)];
  return [...planScaleOut(observation), ...removals, ...planUpdate(observation, removals)];
}

function planReleases({ pool, owned }: Observation): Action[] {
  const strangers = owned.filter(({ vm }) => !isBeingDeleted(vm) && !selects(pool.spec.selector, vm));
  return strangers.map(({ vm }): Action => ({ type: "release", pool, vm }));
}

/** One that is going is waited for: the next one gets its name, and with it what was kept for that name. */
function planScaleOut(observation: Observation): Action[] {
  const { pool, takenNames } = observation;
  const missing = Math.min((pool.spec.replicas ?? 1) - membersOf(observation).length, largestBurst);
  const actions: Action[] = [];
  for (let ordinal = 0; actions.length < missing; ordinal += 1)
    if (!takenNames.has(vmName(pool, ordinal))) actions.push({ type: "create", pool, ordinal });
  return actions;
}

function planScaleIn(observation: Observation): Action[] {
  const { pool } = observation;
  const { name, selection, keepsVolumes } = scaleInOf(pool.spec);
  const active = activeMembersOf(observation);
  const surplus = active.length - (pool.spec.replicas ?? 1);
  if (name !== "proactive" || surplus <= 0) return [];
  const going = inOrder(pool, selection, active).slice(0, surplus);
  return going.map(({ vm }): Action => ({ type: "delete", pool, vm, keepsVolumes }));
}

function planHealing(observation: Observation, surplus: readonly Action[]): Action[] {
  const { pool, nowMs } = observation;
  const staying = without(activeMembersOf(observation), surplus);
  const ill = staying.filter(({ vm }) => healthOf(pool, vm, nowMs) === "beyond recovery");
  return ill.map(({ vm }): Action => ({ type: "delete", pool, vm, keepsVolumes: false }));
}

function planUpdate(observation: Observation, removals: readonly Action[]): Action[] {
  const { pool } = observation;
  const { name, selection } = updateOf(pool.spec);
  if (name === "unmanaged") return [];
  const staying = without(activeMembersOf(observation), removals);
  const outdated = staying.filter(({ vm }) => !isUpToDate(pool, vm));
  const updates = outdated.map(({ vm }): Action => ({ type: "update", pool, vm }));
  const settled = staying.filter(({ vm }) => isUpToDate(pool, vm) && isSeenByItsController(vm));
  const relabels = settled.filter(({ vm, vmi }) => vmi && !isUpToDate(pool, vmi) && !needsRestart(vm));
  return [
    ...updates,
    ...relabels.flatMap(({ vmi }): Action[] => (vmi ? [{ type: "relabel", pool, vmi }] : [])),
    ...(name === "proactive"
      ? planRestarts(
          pool,
          selection,
          staying,
          settled.filter(({ vm }) => needsRestart(vm)),
        )
      : []),
  ];
}

function without(machines: readonly Machine[], removals: readonly Action[]): Machine[] {
  const going = new Set(removals.map((action) => ("vm" in action ? action.vm : undefined)));
  return machines.filter(({ vm }) => !going.has(vm));
}

/** Only then do its conditions speak of the template that it has now. */
function isSeenByItsController({ metadata, status }: VirtualMachine): boolean {
  return status?.desiredGeneration !== undefined && status.desiredGeneration === metadata?.generation;
}

function needsRestart({ status }: VirtualMachine): boolean {
  return isConditionTrue(status?.conditions, vmConditions.restartRequired);
}
