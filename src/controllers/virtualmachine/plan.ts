/** What to do about a VirtualMachine. Pure: deletion first, then what its run strategy says. */
import { finalizers } from "../../../api/kubevirt/names.ts";
import { type RunStrategy, runStrategyOf } from "../../../api/kubevirt/run-strategy.ts";
import { pausedKey, type StateChangeRequest } from "../../../api/kubevirt/state-change.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { hasEnded, isDeleting, type Observation, vmiOf } from "./observation.ts";
import { openRequests, wantsStart, wantsStop } from "./requests.ts";
import { remainingBackoffMs } from "./start-failure.ts";

export type Action =
  | { type: "createVmi"; vm: VirtualMachine; requests: readonly StateChangeRequest[] }
  | { type: "deleteVmi"; vm: VirtualMachine; vmi: VirtualMachineInstance }
  | { type: "setRunStrategy"; vm: VirtualMachine; runStrategy: RunStrategy }
  | { type: "removeFinalizer"; vm: VirtualMachine };

export const orphanFinalizer = "orphan";

export function plan(observation: Observation): Action[] {
  const { vm, instance } = observation;
  const vmi = vmiOf(observation);
  if (isDeleting(vm)) return planDeletion(vm, vmi);
  // Somebody else's instance is in the way: the Failure condition says so.
  if (instance !== undefined && vmi === undefined) return [];
  if (vmi !== undefined && isDeleting(vmi)) return [];
  const requests = openRequests(observation);
  return vmi === undefined ? planStart(observation, requests) : planStop(vm, vmi, requests);
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
    const paused = requests.some((request) => request.data?.[pausedKey] === "true");
    return paused ? [{ type: "setRunStrategy", vm, runStrategy: "Always" }] : [];
  }
  const starts = strategy === "Always" || strategy === "Once" || wantsStart(requests);
  return starts && remainingBackoffMs(observation) === 0 ? [{ type: "createVmi", vm, requests }] : [];
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
