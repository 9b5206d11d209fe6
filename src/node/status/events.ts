/** Events told once, by whoever wrote the change of status that they speak of. Pure. */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { type ContainerExit, endEvents, type StatusEvent } from "../../../api/kubevirt/end-events.ts";
import { hotplugPhases, pluggedStatuses } from "../../../api/kubevirt/hotplug-volume.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import { findCondition } from "../../runtime/conditions.ts";
import { bootFailedCondition } from "./conditions.ts";
import { guestPanicked } from "./phase.ts";

interface Ending {
  /** Of QEMU, if it has ended. */
  exit?: ContainerExit | undefined;
  /** Of a guest that has panicked, if it told any. */
  panicDetails?: string | undefined;
}

export function decideEvents(
  vmi: VirtualMachineInstance,
  status: VirtualMachineInstanceStatus,
  { exit, panicDetails }: Ending = {},
): StatusEvent[] {
  return [
    ...panicEvents(vmi, status, panicDetails),
    ...phaseEvents(vmi, status, exit),
    ...pauseEvents(vmi, status),
    ...bootEvents(vmi, status),
    ...credentialEvents(vmi, status),
    ...plugEvents(vmi, status),
  ];
}

function panicEvents(
  vmi: VirtualMachineInstance,
  { phase, reason }: VirtualMachineInstanceStatus,
  details: string | undefined,
): StatusEvent[] {
  if (phase !== "Failed" || phase === vmi.status?.phase || reason !== guestPanicked) return [];
  const message = details === undefined ? `${guestPanicked} (details unavailable)` : `${guestPanicked}: ${details}`;
  return [{ type: "Warning", reason: guestPanicked, message }];
}

function phaseEvents(
  vmi: VirtualMachineInstance,
  status: VirtualMachineInstanceStatus,
  exit: ContainerExit | undefined,
): StatusEvent[] {
  if (status.phase !== "Running" || status.phase === vmi.status?.phase) return endEvents(vmi, status, exit);
  return [
    { type: "Normal", reason: "Created", message: "VirtualMachineInstance defined." },
    { type: "Normal", reason: "Started", message: "VirtualMachineInstance started." },
  ];
}

function pauseEvents(vmi: VirtualMachineInstance, status: VirtualMachineInstanceStatus): StatusEvent[] {
  const was = isConditionTrue(vmi.status?.conditions, vmiConditions.paused);
  const is = isConditionTrue(status.conditions, vmiConditions.paused);
  if (!was || is || status.phase !== "Running") return [];
  return [{ type: "Normal", reason: "Resumed", message: "VirtualMachineInstance resumed" }];
}

function bootEvents(vmi: VirtualMachineInstance, status: VirtualMachineInstanceStatus): StatusEvent[] {
  const condition = findCondition(status.conditions, bootFailedCondition);
  if (!condition || findCondition(vmi.status?.conditions, bootFailedCondition)) return [];
  return [{ type: "Warning", reason: bootFailedCondition, message: condition.message ?? "the guest does not boot" }];
}

function credentialEvents(vmi: VirtualMachineInstance, status: VirtualMachineInstanceStatus): StatusEvent[] {
  const before = findCondition(vmi.status?.conditions, vmiConditions.accessCredentialsSynchronized);
  const now = findCondition(status.conditions, vmiConditions.accessCredentialsSynchronized);
  if (now === undefined || (now.status === before?.status && now.message === before.message)) return [];
  if (now.status === "True")
    return [{ type: "Normal", reason: "AccessCredentialsSyncSuccess", message: "Access credentials sync successful." }];
  const message = `Access credentials sync failed: ${now.message ?? ""}`;
  return [{ type: "Warning", reason: "AccessCredentialsSyncFailed", message }];
}

/** Of each claim that comes and goes, once in each phase. */
function plugEvents(vmi: VirtualMachineInstance, status: VirtualMachineInstanceStatus): StatusEvent[] {
  const before = new Map(pluggedStatuses(vmi.status).map((each) => [each.name, each]));
  const now = pluggedStatuses(status);
  const isTold = (name: string): boolean => now.some((each) => each.name === name);
  const gone = [...before.values()].filter(({ name }) => !isTold(name));
  const { mountedToPod, ready } = hotplugPhases;
  return [
    ...now
      .filter(({ name, phase }) => (phase === mountedToPod || phase === ready) && before.get(name)?.phase !== phase)
      .map(({ reason = "", message = "" }): StatusEvent => ({ type: "Normal", reason, message })),
    ...gone.map(
      ({ name }): StatusEvent => ({
        type: "Normal",
        reason: "VolumeUnMountedFromPod",
        message: `Volume ${name} has been unmounted from virt-launcher pod`,
      }),
    ),
  ];
}
