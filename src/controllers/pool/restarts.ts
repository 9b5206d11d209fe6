/** Which instances of a pool are restarted for a new template, so that no more than allowed are down at a time. Pure. */
import { mayRestart } from "../../../api/kubevirt/admissibility.ts";
import { maxUnavailableOf, type SelectionPolicy } from "../../../api/kubevirt/pool/strategies.ts";
import type { VirtualMachinePool } from "../../../api/kubevirt/resources.ts";
import { runStrategyOf } from "../../../api/kubevirt/run-strategy.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import { isReady, isUpToDate, type Machine } from "./observation.ts";
import type { Action } from "./plan.ts";
import { inOrder } from "./selection.ts";

/** @param wanting those that run what is outdated, and only a restart changes that */
export function planRestarts(
  pool: VirtualMachinePool,
  selection: SelectionPolicy,
  all: readonly Machine[],
  wanting: readonly Machine[],
): Action[] {
  const down = all.filter((machine) => isDown(machine));
  const left = Math.max(0, maxUnavailableOf(pool.spec) - down.length);
  const candidates = wanting.filter((machine) => !isRestarting(machine) && isOutdatedInstance(pool, machine));
  // Those that are down anyway cost nothing.
  const isFree = (machine: Machine) => down.includes(machine);
  const chosen = inOrder(
    pool,
    selection,
    candidates.filter((machine) => !isFree(machine)),
  ).slice(0, left);
  return [...candidates.filter(isFree), ...chosen].flatMap(({ vm, vmi }): Action[] =>
    vmi && mayRestart({ vm, vmi }, {}).verdict === "do" ? [{ type: "restart", pool, vm, vmi }] : [],
  );
}

function isOutdatedInstance(pool: VirtualMachinePool, { vmi }: Machine): boolean {
  return vmi !== undefined && !isUpToDate(pool, vmi);
}

/** One that is not to run is missed by nobody. */
function isDown(machine: Machine): boolean {
  return runStrategyOf(machine.vm) !== "Halted" && (!isReady(machine) || isRestarting(machine));
}

function isRestarting({ vm, vmi }: Machine): boolean {
  return (vm.status?.stateChangeRequests ?? []).length > 0 || (vmi !== undefined && isBeingDeleted(vmi));
}
