/** As many live instances as asked for; one that ended makes room for another. Pure. */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import type { VirtualMachineInstanceReplicaSet } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import { hasEnded } from "../virtualmachine/observation.ts";
import { isActive, membersOf, type Observation } from "./observation.ts";

type Set = VirtualMachineInstanceReplicaSet;

export type Action =
  | { type: "adopt"; set: Set; vmi: VirtualMachineInstance }
  | { type: "release"; set: Set; vmi: VirtualMachineInstance }
  | { type: "delete"; set: Set; vmi: VirtualMachineInstance }
  | { type: "create"; set: Set; count: number };

/** Instances created in one pass; the rest follows when these are seen, so that a refused one costs one request. */
const largestBurst = 50;

export function plan(observation: Observation): Action[] {
  const { set } = observation;
  if (isBeingDeleted(set)) return [];
  const moves = planOwnership(observation);
  // With the adopted ones there may be too many: they count in the next pass, when they are ours.
  if (moves.length > 0 || set.spec.paused) return moves;
  return [...planScale(observation), ...planCleaning(observation)];
}

function planOwnership({ set, owned, orphans }: Observation): Action[] {
  // Somebody changed its labels to take it out: it lives on by itself.
  const strangers = owned.filter((vmi) => !isBeingDeleted(vmi) && !selects(set.spec.selector, vmi));
  return [
    ...orphans.filter(isActive).map((vmi): Action => ({ type: "adopt", set, vmi })),
    ...strangers.map((vmi): Action => ({ type: "release", set, vmi })),
  ];
}

function planScale(observation: Observation): Action[] {
  const { set } = observation;
  const members = membersOf(observation);
  const missing = (set.spec.replicas ?? 1) - members.length;
  if (missing > 0) return [{ type: "create", set, count: Math.min(missing, largestBurst) }];
  const surplus = members.toSorted(byRemovalPreference).slice(0, -missing);
  return surplus.map((vmi): Action => ({ type: "delete", set, vmi }));
}

function planCleaning({ set, owned }: Observation): Action[] {
  const ended = owned.filter((vmi) => hasEnded(vmi) && !isBeingDeleted(vmi));
  return ended.map((vmi): Action => ({ type: "delete", set, vmi }));
}

/** Not yet placed, not running, not ready, youngest. */
function byRemovalPreference(one: VirtualMachineInstance, other: VirtualMachineInstance): number {
  const [left, right] = [removalRank(one), removalRank(other)];
  const index = left.findIndex((value, i) => value !== right[i]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

function removalRank({ metadata, status }: VirtualMachineInstance): number[] {
  return [
    status?.nodeName ? 1 : 0,
    status?.phase === "Running" ? 1 : 0,
    isConditionTrue(status?.conditions, vmiConditions.ready) ? 1 : 0,
    -Date.parse(metadata?.creationTimestamp ?? ""),
  ];
}
