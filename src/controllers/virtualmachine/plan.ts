/** What to do about a VirtualMachine. Pure: deletion first, then what its run strategy says. */
import type { ControllerRevision } from "../../../api/apps.ts";
import { finalizers } from "../../../api/kubevirt/names.ts";
import { isInTransit } from "../../../api/kubevirt/migration/migration.ts";
import { type RunStrategy, runStrategyOf } from "../../../api/kubevirt/run-strategy.ts";
import { isPausedStart, type StateChangeRequest } from "../../../api/kubevirt/state-change.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { MadeOf } from "./made-of.ts";
import { hasEnded, isDeleting, knownMadeOf, type Observation, unmakeable, vmiOf } from "./observation.ts";
import { planLiveUpdate } from "./live-update.ts";
import { withOrigin, withoutOrigin, withSocketsAtBoot } from "./render-vmi.ts";
import { openRequests, wantsStart, wantsStop } from "./requests.ts";
import { remainingBackoffMs } from "./start-failure.ts";

export type Action =
  | { type: "createRevision"; vm: VirtualMachine; revision: ControllerRevision }
  | { type: "createVmi"; vm: VirtualMachine; madeOf: MadeOf | undefined; requests: readonly StateChangeRequest[] }
  | { type: "deleteVmi"; vm: VirtualMachine; vmi: VirtualMachineInstance }
  | { type: "updateVmi"; vm: VirtualMachine; vmi: VirtualMachineInstance }
  | { type: "setRunStrategy"; vm: VirtualMachine; runStrategy: RunStrategy }
  | { type: "removeFinalizer"; vm: VirtualMachine };

export const orphanFinalizer = "orphan";

export function plan(observation: Observation): Action[] {
  const { vm } = observation;
  if (isDeleting(vm)) return planDeletion(vm, vmiOf(observation));
  return [...planRevisions(observation), ...planInstance(observation)];
}

/** Also of a machine that is not to run: what it was made from is decided when it is made. */
function planRevisions(observation: Observation): Action[] {
  const { vm } = observation;
  const unpinned = knownMadeOf(observation)?.unpinned ?? [];
  return unpinned.map((revision): Action => ({ type: "createRevision", vm, revision }));
}

function planInstance(observation: Observation): Action[] {
  const { vm, instance } = observation;
  const vmi = vmiOf(observation);
  // Somebody else's instance is in the way: the Failure condition says so.
  if (instance !== undefined && vmi === undefined) return [];
  if (vmi !== undefined && isDeleting(vmi)) return [];
  const requests = openRequests(observation);
  if (vmi === undefined) return planStart(observation, requests);
  const stop = planStop(vm, vmi, requests);
  return stop.length > 0 ? stop : planUpdate(observation, vmi);
}

function planDeletion(vm: VirtualMachine, vmi: VirtualMachineInstance | undefined): Action[] {
  const isOrphaning = vm.metadata?.finalizers?.includes(orphanFinalizer);
  if (vmi !== undefined && !isOrphaning) return isDeleting(vmi) ? [] : [{ type: "deleteVmi", vm, vmi }];
  return vm.metadata?.finalizers?.includes(finalizers.virtualMachine) ? [{ type: "removeFinalizer", vm }] : [];
}

function planStart(observation: Observation, requests: readonly StateChangeRequest[]): Action[] {
  const { vm } = observation;
  const strategy = runStrategyOf(vm);
  if (strategy === "Halted") {
    return requests.some(isPausedStart) ? [{ type: "setRunStrategy", vm, runStrategy: "Always" }] : [];
  }
  const starts = strategy === "Always" || strategy === "Once" || wantsStart(requests);
  if (!starts || remainingBackoffMs(observation) > 0 || !isMakeable(observation)) return [];
  return [{ type: "createVmi", vm, madeOf: knownMadeOf(observation), requests }];
}

function isMakeable(observation: Observation): boolean {
  return unmakeable(observation) === undefined && (knownMadeOf(observation)?.unpinned ?? []).length === 0;
}

function planStop(vm: VirtualMachine, vmi: VirtualMachineInstance, requests: readonly StateChangeRequest[]): Action[] {
  const strategy = runStrategyOf(vm);
  const stops =
    strategy === "Halted" ||
    wantsStop(requests) ||
    // An ended instance makes room for the next.
    (hasEnded(vmi) && (strategy === "Always" || (strategy !== "Once" && wantsStart(requests))));
  return stops ? [{ type: "deleteVmi", vm, vmi }] : [];
}

/**
 * The instance is of the current template once nothing is left that only a restart could change. One that is not running yet, or on its
 * way to another launcher, is told afterwards.
 */
function planUpdate(observation: Observation, vmi: VirtualMachineInstance): Action[] {
  if (vmi.status?.phase !== "Running" || isInTransit(vmi)) return [];
  const update = planLiveUpdate(observation, vmi);
  if (update === undefined) return [];
  const { vm } = observation;
  const current = withSocketsAtBoot({ ...vmi, spec: update.spec }, vmi.spec.domain.cpu?.sockets ?? 1);
  const next = update.waiting.length > 0 ? current : withOrigin(current, vm, knownMadeOf(observation));
  if (sameJson(next, vmi)) return [];
  return [{ type: "updateVmi", vm, vmi: update.waiting.length > 0 ? withoutOrigin(next) : next }];
}
