/** The status of a VirtualMachinePool. Pure. */
import type { VirtualMachinePool } from "../../../api/kubevirt/resources.ts";
import { selectorText } from "../../apimachinery/selector/selects.ts";
import { decideConditions } from "../sets/conditions.ts";
import { activeMembersOf, isReady, type Observation } from "./observation.ts";
import { plan } from "./plan.ts";

export function decideStatus(observation: Observation): NonNullable<VirtualMachinePool["status"]> {
  const { pool, nowMs } = observation;
  const members = activeMembersOf(observation);
  // What failed once and is wanted no more is no failure.
  const failure = plan(observation).length > 0 ? observation.failure : undefined;
  return {
    replicas: members.length,
    readyReplicas: members.filter(isReady).length,
    labelSelector: selectorText(pool.spec.selector),
    conditions: decideConditions(pool.status?.conditions, { paused: pool.spec.paused === true, failure }, nowMs),
  };
}
