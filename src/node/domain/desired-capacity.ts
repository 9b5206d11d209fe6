/** How many sockets and how much memory the guest is to have: what the instance says, as far as its launcher has room for it. Pure. */
import { annotations } from "../../../api/kubevirt/names.ts";
import { isQuantity, quantityToNumber } from "../../base/quantity.ts";
import { type Capacity, type CapacityAction, planCapacity, socketsOf } from "../../qemu/capacity/capacity.ts";
import type { MachineObservation, Observation } from "./observation.ts";

/** Nothing while the guest is to go: it only ends. */
export function planGrowth({ vmi, pod, machine }: Observation): CapacityAction[] {
  if (machine === undefined || vmi.metadata?.deletionTimestamp || pod.metadata?.deletionTimestamp) return [];
  return planCapacity(desiredCapacity({ vmi, pod }), machine.capacity);
}

export function desiredCapacity({ vmi, pod }: Pick<Observation, "vmi" | "pod">): Capacity {
  const { cpu, memory } = vmi.spec.domain;
  const room = pod.metadata?.annotations ?? {};
  const bytes = Math.min(bytesOf(memory?.guest), bytesOf(room[annotations.roomForMemory]));
  return {
    sockets: Math.min(cpu?.sockets ?? 1, Number(room[annotations.roomForSockets] ?? 0) || 0),
    hotMemoryBytes: Math.max(0, bytes - bytesOf(vmi.status?.memory?.guestAtBoot ?? memory?.guest)),
  };
}

export function bytesOf(quantity: string | undefined): number {
  return isQuantity(quantity) ? quantityToNumber(quantity ?? 0) : 0;
}

/** Names what the guest has been given beyond its start; the same text as long as that is the same. */
export function grownTo({ capacity }: MachineObservation): string {
  return `${socketsOf(capacity)}/${capacity.hotMemory?.pluggedBytes ?? 0}`;
}

/**
 * The guest has more than it booted QEMU with, and its agent has not had the chance to put that to use. An agent that has just come, perhaps
 * with a guest that was booted anew, has it again.
 */
export function mustBringOnline({ machine, broughtOnline }: Observation): boolean {
  if (machine === undefined || !machine.agentConnected || broughtOnline === grownTo(machine)) return false;
  const { processors, hotMemory } = machine.capacity;
  const isPlugged = processors.some(({ "qom-path": path }) => path?.startsWith("/machine/peripheral/"));
  return isPlugged || (hotMemory?.pluggedBytes ?? 0) > 0;
}

/** So what is new of it is not told yet. */
export function isUntold(observation: Observation): boolean {
  const { vmi, machine } = observation;
  if (machine === undefined || !mustBringOnline(observation)) return false;
  const { currentCPUTopology, memory } = vmi.status ?? {};
  const hasMore = socketsOf(machine.capacity) > (currentCPUTopology?.sockets ?? Infinity);
  const atBoot = bytesOf(memory?.guestAtBoot);
  return hasMore || (machine.capacity.hotMemory?.pluggedBytes ?? 0) > bytesOf(memory?.guestCurrent) - atBoot;
}
