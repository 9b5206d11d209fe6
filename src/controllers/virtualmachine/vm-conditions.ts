/** The conditions of a VirtualMachine: those of its instance, and some of its own. Pure. */
import { readyReasons, vmConditions } from "../../../api/kubevirt/conditions.ts";
import type { Condition } from "../../../api/meta.ts";
import { mergeConditions } from "../../runtime/conditions.ts";
import { planLiveUpdate } from "./live-update.ts";
import { type Observation, unmakeable, vmiOf } from "./observation.ts";

export function decideConditions(observation: Observation): Condition[] {
  const { vm, nowMs } = observation;
  const wanted = [...instanceConditions(observation), ...failure(observation), ...restartRequired(observation)];
  return mergeConditions(vm.status?.conditions, wanted, new Date(nowMs));
}

function instanceConditions(observation: Observation): Condition[] {
  const vmi = vmiOf(observation);
  // A copy without a reason must not keep that of the copy before it.
  const copies = (vmi?.status?.conditions ?? []).map((each) => ({ reason: undefined, message: undefined, ...each }));
  const reason = vmi === undefined ? readyReasons.vmiNotExists : readyReasons.guestNotRunning;
  const message = vmi === undefined ? "VMI does not exist" : "Guest VM is not reported as running";
  const hasReady = copies.some((condition) => condition.type === vmConditions.ready);
  return hasReady ? copies : [...copies, { type: vmConditions.ready, status: "False", reason, message }];
}

function failure(observation: Observation): Condition[] {
  const message = observation.createFailure ?? foreignInstance(observation) ?? unmakeable(observation);
  return message === undefined ? [] : [{ type: vmConditions.failure, status: "True", reason: "FailedCreate", message }];
}

function foreignInstance(observation: Observation): string | undefined {
  const { instance } = observation;
  if (instance === undefined || vmiOf(observation) !== undefined) return undefined;
  return `a VirtualMachineInstance "${instance.metadata?.name}" that this VirtualMachine does not own is in the way: delete it or rename the VirtualMachine`;
}

/** What cannot be done to the running guest; what can is being done. */
function restartRequired(observation: Observation): Condition[] {
  const vmi = vmiOf(observation);
  const { waiting } = (vmi && planLiveUpdate(observation, vmi)) ?? { waiting: [] };
  if (waiting.length === 0) return [];
  const message = `these changes take effect when the virtual machine is restarted: ${waiting.join(", ")}`;
  return [{ type: vmConditions.restartRequired, status: "True", reason: "RestartRequired", message }];
}
