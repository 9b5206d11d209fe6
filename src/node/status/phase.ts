/** The node agent's half of a VMI's phases: Scheduled -> Running -> Succeeded | Failed. Pure. */
import type { Phase } from "../../../api/kubevirt/conditions.ts";
import { type ContainerExit, endReason } from "../../../api/kubevirt/end-events.ts";
import { hasPanicked, hasStarted, isFinal, isHandedOver, type Observation } from "../domain/observation.ts";
import { complete } from "../../qemu/devices/plan.ts";
import { devicesAtStart } from "../domain/desired-devices.ts";

/** Why an instance has failed, and the reason of the event that tells it. */
export const guestPanicked = "GuestPanicked";

export interface PhaseDecision {
  phase: Phase;
  reason?: string;
}

/** Undefined: the phase is the controller's to change. */
export function decidePhase(observation: Observation): PhaseDecision | undefined {
  const { vmi, exit } = observation;
  if (!isHandedOver(vmi) || isFinal(vmi)) return undefined;
  if (exit !== undefined) return decideEnd(exit, isDeleted(observation));
  if (hasPanicked(observation)) return { phase: "Failed", reason: guestPanicked };
  return isUp(observation) ? { phase: "Running" } : undefined;
}

/** A guest that had to be killed because it was to go has gone as asked. */
function decideEnd(exit: ContainerExit, deleted: boolean): PhaseDecision {
  if (exit.exitCode === 0 || deleted) return { phase: "Succeeded" };
  return { phase: "Failed", reason: endReason(exit) };
}

function isDeleted({ vmi, pod }: Observation): boolean {
  return vmi.metadata?.deletionTimestamp !== undefined || pod.metadata?.deletionTimestamp !== undefined;
}

/** One that is to start paused is up as soon as it could start. */
function isUp(observation: Observation): boolean {
  const { vmi, machine, disks, networkReady } = observation;
  if (machine === undefined) return false;
  if (hasStarted(machine)) return true;
  const isReady = disks.every((disk) => disk.image !== undefined) && networkReady;
  return vmi.spec.startStrategy === "Paused" && isReady && complete(devicesAtStart(observation), machine.devices);
}
