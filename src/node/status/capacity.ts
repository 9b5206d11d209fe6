/** `status.memory` and `status.currentCPUTopology`: what the guest has, which may have become more since it booted. Pure. */
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import { formatBytes } from "../../base/quantity.ts";
import { socketsOf } from "../../qemu/capacity/capacity.ts";
import { isUntold, bytesOf } from "../domain/desired-capacity.ts";
import type { MachineObservation, Observation } from "../domain/observation.ts";

type CapacityStatus = Pick<VirtualMachineInstanceStatus, "memory" | "currentCPUTopology">;

export function capacityStatus(observation: Observation): CapacityStatus {
  const { vmi, machine } = observation;
  if (machine === undefined || isUntold(observation)) return {};
  const memory = memoryStatus(vmi, machine);
  return { ...(memory && { memory }), currentCPUTopology: topology(vmi, machine) };
}

function memoryStatus(
  { spec, status }: VirtualMachineInstance,
  { capacity }: MachineObservation,
): CapacityStatus["memory"] {
  const guest = spec.domain.memory?.guest;
  const guestAtBoot = status?.memory?.guestAtBoot ?? guest;
  if (guest === undefined || guestAtBoot === undefined) return undefined;
  const { pluggedBytes = 0, requestedBytes = 0 } = capacity.hotMemory ?? {};
  const plus = (bytes: number): string => asWritten(bytesOf(guestAtBoot) + bytes, [guestAtBoot, guest]);
  return { ...status?.memory, guestAtBoot, guestCurrent: plus(pluggedBytes), guestRequested: plus(requestedBytes) };
}

/** In the words of the spec, where they say the same. */
function asWritten(bytes: number, written: readonly string[]): string {
  return written.find((quantity) => bytesOf(quantity) === bytes) ?? formatBytes(bytes);
}

function topology(
  { spec }: VirtualMachineInstance,
  { capacity }: MachineObservation,
): CapacityStatus["currentCPUTopology"] {
  const { sockets = 1, cores = 1, threads = 1 } = spec.domain.cpu ?? {};
  return { sockets: socketsOf(capacity) || sockets, cores, threads };
}
