/** The status of a VirtualMachineInstanceReplicaSet. Pure. */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import type { VirtualMachineInstanceReplicaSet } from "../../../api/kubevirt/resources.ts";
import { selectorText } from "../../apimachinery/selector/selects.ts";
import { decideConditions } from "../sets/conditions.ts";
import { membersOf, type Observation } from "./observation.ts";
import { plan } from "./plan.ts";

export function decideStatus(observation: Observation): NonNullable<VirtualMachineInstanceReplicaSet["status"]> {
  const { set, nowMs } = observation;
  const members = membersOf(observation);
  // What failed once and is wanted no more is no failure.
  const strives = plan(observation).some(({ type }) => type === "create" || type === "delete");
  const failure = strives ? observation.failure : undefined;
  return {
    replicas: members.length,
    readyReplicas: members.filter(({ status }) => isConditionTrue(status?.conditions, vmiConditions.ready)).length,
    labelSelector: selectorText(set.spec.selector),
    conditions: decideConditions(set.status?.conditions, { paused: set.spec.paused === true, failure }, nowMs),
  };
}
