/**
 * Requests to start or stop, kept in `VirtualMachine.status.stateChangeRequests` until they are fulfilled, so that
 * none is lost when a controller restarts. A restart is a stop of one certain instance followed by a start.
 */
import type { VirtualMachine } from "./types.ts";

export type StateChangeRequest = NonNullable<NonNullable<VirtualMachine["status"]>["stateChangeRequests"]>[number];

export const stateChanges = { start: "Start", stop: "Stop" } as const;

/** In the data of a start request: start with stopped CPUs. */
export const pausedKey = "paused";

export function startRequest(options: { paused?: boolean } = {}): StateChangeRequest {
  return { action: stateChanges.start, ...(options.paused && { data: { [pausedKey]: "true" } }) };
}

export function stopRequest(uid: string): StateChangeRequest {
  return { action: stateChanges.stop, uid };
}
