/**
 * The launcher pod's readiness gate. A paused guest answers nobody, but its container still runs and would count as
 * ready; so the pod is ready only while the controller says that its guest is not paused, and Services pass it by. Pure.
 */
import type { LauncherPod } from "./launcher/launcher.ts";
import { podConditions, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Condition } from "../../../api/meta.ts";
import { findCondition, isConditionTrue } from "../../runtime/conditions.ts";

/** What the pod's condition has to become; undefined when it is that already, or the pod has no such gate. */
export function gateCorrection(vmi: VirtualMachineInstance, pod: LauncherPod, now: string): Condition | undefined {
  const isGated = pod.spec?.readinessGates?.some(({ conditionType }) => conditionType === podConditions.unpaused);
  const wanted = gateCondition(isConditionTrue(vmi.status?.conditions, vmiConditions.paused));
  const current = findCondition(pod.status?.conditions as Condition[] | undefined, wanted.type);
  return isGated === true && current?.status !== wanted.status ? { ...wanted, lastTransitionTime: now } : undefined;
}

function gateCondition(paused: boolean): Condition {
  const type = podConditions.unpaused;
  return paused
    ? { type, status: "False", reason: "Paused", message: "the virtual machine is paused" }
    : { type, status: "True", reason: "NotPaused", message: "the virtual machine is not paused" };
}
