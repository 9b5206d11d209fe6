/** How an instance's end is told. Both the node agent and the controller may see it first; whoever writes the phase tells. Pure. */
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "./types.ts";

/** How QEMU ended: `state.terminated` of its container. */
export interface ContainerExit {
  exitCode: number;
  signal?: number | undefined;
  reason?: string | undefined;
  /** The end of its log, which is the guest's serial console with QEMU's own words between. */
  message?: string | undefined;
}

/** `Error` is all that a runtime knows of a program that failed. */
export function endReason({ reason, exitCode, signal }: ContainerExit): string {
  if (reason !== undefined && reason !== "Error") return reason;
  return signal ? `QemuKilledBySignal${signal}` : `QemuExitCode${exitCode}`;
}

/** Of QEMU, one of its assertions, or its TPM; not of the guest, whose console is in the same log. */
const wordsOfQemu = /^(?:qemu-system-\w+: |swtpm: |ERROR:\S+\.c:\d+:).*/gm;

/** The last thing that QEMU itself said, if it said anything. */
export function lastWords({ message = "" }: ContainerExit): string | undefined {
  return message.match(wordsOfQemu)?.at(-1)?.trim();
}

/** What is told of a change of status, once. */
export interface StatusEvent {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/**
 * @param after the status that is to be written; nothing is told of an end that stands in `vmi` already
 * @param exit how QEMU ended, if it has
 */
export function endEvents(
  vmi: VirtualMachineInstance,
  after: VirtualMachineInstanceStatus,
  exit: ContainerExit | undefined,
): StatusEvent[] {
  const { phase, reason } = after;
  if (phase === vmi.status?.phase) return [];
  if (phase === "Failed")
    return [{ type: "Warning", reason: "Stopped", message: howItFailed(reason, exit) }, ...deleted(vmi)];
  if (phase !== "Succeeded") return [];
  return [{ type: "Normal", reason: "Stopped", message: "The VirtualMachineInstance was shut down." }, ...deleted(vmi)];
}

function deleted({ metadata }: VirtualMachineInstance): StatusEvent[] {
  if (metadata?.deletionTimestamp === undefined) return [];
  return [{ type: "Normal", reason: "Deleted", message: "Signaled Deletion" }];
}

/** After `vmpod down`, or the machine's own reboot, nobody saw how the pod ended. */
function howItFailed(reason: string | undefined, exit: ContainerExit | undefined): string {
  if (reason === "ContainerStatusUnknown") return "The VirtualMachineInstance ended while its node was down.";
  const words = exit && lastWords(exit);
  return `The VirtualMachineInstance crashed${reason ? `: ${reason}` : ""}${words ? ` (${words})` : ""}.`;
}
