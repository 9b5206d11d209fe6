/** Events told once, by whoever wrote the change of status that they speak of; those of a running guest are the node agent's. Pure. */
import { findCondition, vmiConditions } from "../../../../api/kubevirt/conditions.ts";
import { type ContainerExit, endEvents, type StatusEvent } from "../../../../api/kubevirt/end-events.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../../../../api/kubevirt/types.ts";
import { syncReasons } from "./vmi-conditions.ts";

export function decideEvents(
  vmi: VirtualMachineInstance,
  status: VirtualMachineInstanceStatus,
  exit?: ContainerExit,
): StatusEvent[] {
  return [...nodeEvents(vmi, status), ...containerEvents(vmi, status), ...endOfGuest(vmi, status, exit)];
}

function nodeEvents({ status: before }: VirtualMachineInstance, after: VirtualMachineInstanceStatus): StatusEvent[] {
  const was = findCondition(before?.conditions, vmiConditions.nodeUnresponsive);
  const is = findCondition(after.conditions, vmiConditions.nodeUnresponsive);
  if (is && !was) return [{ type: "Warning", reason: "NodeUnresponsive", message: is.message ?? "" }];
  if (!was || is || after.phase !== before?.phase) return [];
  return [{ type: "Normal", reason: "NodeResponsive", message: `the VM agent on node ${after.nodeName} is back` }];
}

const toldOnce: readonly string[] = [syncReasons.diskCopyFailed, syncReasons.filesystemLost];

function containerEvents(
  { status: before }: VirtualMachineInstance,
  after: VirtualMachineInstanceStatus,
): StatusEvent[] {
  const failure = findCondition(after.conditions, vmiConditions.synchronized);
  if (failure?.reason === undefined || !toldOnce.includes(failure.reason)) return [];
  const wasKnown = findCondition(before?.conditions, vmiConditions.synchronized)?.reason === failure.reason;
  return wasKnown ? [] : [{ type: "Warning", reason: failure.reason, message: failure.message ?? "" }];
}

/** Of one that had its pod's QEMU; what is lost with its node, or before, is told above. */
function endOfGuest(
  vmi: VirtualMachineInstance,
  after: VirtualMachineInstanceStatus,
  exit: ContainerExit | undefined,
): StatusEvent[] {
  const { phase = "" } = vmi.status ?? {};
  const isTold = ["NodeUnresponsive", ...toldOnce].includes(after.reason ?? "");
  return ["Scheduled", "Running"].includes(phase) && !isTold ? endEvents(vmi, after, exit) : [];
}
