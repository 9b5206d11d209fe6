/**
 * An instance with the processors and the memory that its guest was booted with, whatever it has been given since: its disks and NICs have
 * queues for so many processors, and a launcher that it moves to has to be like the one it leaves. Pure.
 */
import { annotations } from "./names.ts";
import type { VirtualMachineInstance } from "./types.ts";

export function asBooted(vmi: VirtualMachineInstance): VirtualMachineInstance {
  const { domain } = vmi.spec;
  const atBoot = Number(vmi.metadata?.annotations?.[annotations.socketsAtBoot]) || undefined;
  const sockets = atBoot ?? vmi.status?.currentCPUTopology?.sockets ?? domain.cpu?.sockets;
  const guest = vmi.status?.memory?.guestAtBoot ?? domain.memory?.guest;
  const cpu = { ...domain.cpu, ...(sockets && { sockets }) };
  return {
    ...vmi,
    spec: { ...vmi.spec, domain: { ...domain, cpu, memory: { ...domain.memory, ...(guest && { guest }) } } },
  };
}
