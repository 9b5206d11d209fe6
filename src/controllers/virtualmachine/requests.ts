/**
 * Which start and stop requests are still open. Pure.
 *
 *   [Stop uid] ---- instance uid is gone ---> []
 *   [Start] ------- an instance runs --------> []
 *   [Stop uid, Start] --> [Start] --> []            restart
 *   [Start] ------- halted, unless paused ---> []
 *
 * RerunOnFailure makes requests of its own: its memory of "this one failed" must outlive the failed instance.
 */
import { runStrategyOf } from "../../../api/kubevirt/run-strategy.ts";
import { startRequest, type StateChangeRequest, startsOf, stateChanges } from "../../../api/kubevirt/state-change.ts";
import { hasEnded, hasFailed, isDeleting, type Observation, vmiOf } from "./observation.ts";

export function openRequests(observation: Observation): StateChangeRequest[] {
  const open = withoutFulfilled(observation);
  return open.length === 0 && mustRerun(observation) ? [startRequest()] : open;
}

function withoutFulfilled(observation: Observation): StateChangeRequest[] {
  const vmi = vmiOf(observation);
  const { vm } = observation;
  const requests = vm.status?.stateChangeRequests ?? [];
  const stops = requests.filter(
    (request) => request.action === stateChanges.stop && request.uid === vmi?.metadata?.uid,
  );
  const runs = vmi !== undefined && !isDeleting(vmi) && !hasEnded(vmi);
  return runs && stops.length === 0 ? [] : [...stops, ...startsOf(vm)];
}

/** A VM that is new to RerunOnFailure starts; one that failed starts again. */
function mustRerun(observation: Observation): boolean {
  const { vm } = observation;
  if (runStrategyOf(vm) !== "RerunOnFailure" || isDeleting(vm)) return false;
  const vmi = vmiOf(observation);
  if (vmi === undefined) return vm.status?.runStrategy !== "RerunOnFailure";
  return hasFailed(vmi) && !isDeleting(vmi);
}

export function wantsStart(requests: readonly StateChangeRequest[]): boolean {
  return requests.some((request) => request.action === stateChanges.start);
}

export function wantsStop(requests: readonly StateChangeRequest[]): boolean {
  return requests.some((request) => request.action === stateChanges.stop);
}
