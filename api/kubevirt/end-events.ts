/** How an instance's end is told. Both the node agent and the controller may see it first; whoever writes the phase tells. Pure. */
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "./types.ts";

/** What is told of a change of status, once. */
export interface StatusEvent {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/** @param after the status that is to be written; nothing is told of an end that stands in `vmi` already */
export function endEvents(vmi: VirtualMachineInstance, after: VirtualMachineInstanceStatus): StatusEvent[] {
  const { phase, reason } = after;
  if (phase === vmi.status?.phase) return [];
  if (phase === "Failed")
    return [{ type: "Warning", reason: "Stopped", message: howItFailed(reason) }, ...deleted(vmi)];
  if (phase !== "Succeeded") return [];
  return [{ type: "Normal", reason: "Stopped", message: "The VirtualMachineInstance was shut down." }, ...deleted(vmi)];
}

function deleted({ metadata }: VirtualMachineInstance): StatusEvent[] {
  if (metadata?.deletionTimestamp === undefined) return [];
  return [{ type: "Normal", reason: "Deleted", message: "Signaled Deletion" }];
}

/** After `vmpod down`, or the machine's own reboot, nobody saw how the pod ended. */
function howItFailed(reason: string | undefined): string {
  if (reason === "ContainerStatusUnknown") return "The VirtualMachineInstance ended while its node was down.";
  return `The VirtualMachineInstance crashed${reason ? `: ${reason}` : ""}.`;
}
