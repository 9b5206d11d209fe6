/** The conditions of what keeps many machines: that it is paused, and that it cannot make or remove one. Pure. */
import type { Condition } from "../../../api/meta.ts";
import { isConditionTrue, mergeConditions } from "../../runtime/conditions.ts";

export const setConditions = { paused: "ReplicaPaused", failure: "ReplicaFailure" } as const;

/** Why the last attempt to change the number of machines failed. */
export interface Failure {
  reason: string;
  message: string;
}

export interface SetState {
  paused: boolean;
  failure: Failure | undefined;
}

/** @returns undefined rather than an empty list, as the API has it */
export function decideConditions(
  existing: readonly Condition[] | undefined,
  { paused, failure }: SetState,
  nowMs: number,
): Condition[] | undefined {
  const wanted: Condition[] = [];
  if (paused)
    wanted.push({ type: setConditions.paused, status: "True", reason: "Paused", message: "Controller got paused" });
  if (failure) wanted.push({ type: setConditions.failure, status: "True", ...failure });
  return wanted.length === 0 ? undefined : mergeConditions(existing, wanted, new Date(nowMs));
}

/** The event that tells of a change of `paused`, if there was one. */
export function pauseEvent(
  before: readonly Condition[] | undefined,
  after: readonly Condition[] | undefined,
): Failure | undefined {
  const [was, is] = [isConditionTrue(before, setConditions.paused), isConditionTrue(after, setConditions.paused)];
  if (was === is) return undefined;
  return is ? { reason: "SuccessfulPaused", message: "Paused" } : { reason: "SuccessfulResumed", message: "Resumed" };
}
