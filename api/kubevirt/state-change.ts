/**
 * Requests to start or stop, kept in `VirtualMachine.status.stateChangeRequests` until they are fulfilled, so that
 * none is lost when a controller restarts. A restart is a stop of one certain instance followed by a start.
 */
import { runStrategyOf } from "./run-strategy.ts";
import type { VirtualMachine } from "./types.ts";

export type StateChangeRequest = NonNullable<NonNullable<VirtualMachine["status"]>["stateChangeRequests"]>[number];

export const stateChanges = { start: "Start", stop: "Stop" } as const;

/** In the data of a start request: start with stopped CPUs. */
const pausedKey = "paused";

export function startRequest(options: { paused?: boolean } = {}): StateChangeRequest {
  return { action: stateChanges.start, ...(options.paused && { data: { [pausedKey]: "true" } }) };
}

export function stopRequest(uid: string): StateChangeRequest {
  return { action: stateChanges.stop, uid };
}

export function isPausedStart({ action, data }: StateChangeRequest): boolean {
  return action === stateChanges.start && data?.[pausedKey] === "true";
}

/** Who halts a machine takes back the start that a restart still owes it. Only a paused start is asked of a halted one. */
export function startsOf(vm: VirtualMachine): StateChangeRequest[] {
  const starts = (vm.status?.stateChangeRequests ?? []).filter(({ action }) => action === stateChanges.start);
  return runStrategyOf(vm) === "Halted" ? starts.filter(isPausedStart) : starts;
}
