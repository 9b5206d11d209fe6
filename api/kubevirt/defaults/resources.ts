/** Defaults for CPU and memory: what the guest sees follows from what was requested. */
import { quantityToNumber, formatBytes, isQuantity } from "../../../src/base/quantity.ts";
import type { VirtConfiguration } from "../configuration.ts";
import type { Cpu, VirtualMachineInstanceSpec } from "../types.ts";

const maxVirtualCpus = 512;
const minHotplugGuestBytes = 1024 ** 3;
/** Most of QEMU's processor models address a terabyte, and it refuses to start with more. */
const maxHotplugGuestBytes = 512 * 1024 ** 3;

export function defaultCpuRequest(spec: VirtualMachineInstanceSpec): void {
  const resources = spec.domain.resources;
  const limit = resources?.limits?.["cpu"];
  if (resources === undefined || limit === undefined || resources.requests?.["cpu"] !== undefined) return;
  resources.requests = { ...resources.requests, cpu: limit };
}

export function defaultGuestMemory(spec: VirtualMachineInstanceSpec): void {
  const { memory, resources } = spec.domain;
  if (memory?.guest !== undefined) return;
  const guest = resources?.requests?.["memory"] ?? resources?.limits?.["memory"] ?? memory?.hugepages?.pageSize;
  if (guest !== undefined) spec.domain.memory = { ...memory, guest };
}

export function defaultCpuTopology(spec: VirtualMachineInstanceSpec): void {
  const cpu = spec.domain.cpu;
  const given = [cpu?.sockets, cpu?.cores, cpu?.threads].some((count) => (count ?? 0) !== 0);
  const topology = given
    ? { sockets: cpu?.sockets || 1, cores: cpu?.cores || 1, threads: cpu?.threads || 1 }
    : { sockets: socketsFromResources(spec), cores: 1, threads: 1 };
  spec.domain.cpu = { ...cpu, ...topology };
}

function socketsFromResources(spec: VirtualMachineInstanceSpec): number {
  const { limits, requests } = spec.domain.resources ?? {};
  const quantity = limits?.["cpu"] ?? requests?.["cpu"];
  if (quantity === undefined || !isQuantity(quantity)) return 1;
  return Math.max(1, quantityToNumber(quantity));
}

export function defaultCpuModel(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  if (spec.domain.cpu?.model) return;
  const fallback = spec.architecture === "arm64" ? "host-passthrough" : "host-model";
  spec.domain.cpu = { ...spec.domain.cpu, model: configuration.cpuModel ?? fallback };
}

export function defaultCpuHotplug(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  const cpu = spec.domain.cpu;
  if (configuration.vmRolloutStrategy !== "LiveUpdate" || spec.architecture === "arm64" || cpu === undefined) return;
  if (cpu.maxSockets) return;
  const { maxCpuSockets, maxHotplugRatio } = configuration.liveUpdate;
  const perSocket = (cpu.cores ?? 1) * (cpu.threads ?? 1);
  const sockets = cpu.sockets ?? 1;
  const wanted = maxCpuSockets ?? sockets * maxHotplugRatio;
  cpu.maxSockets = Math.max(sockets, Math.min(wanted, Math.floor(maxVirtualCpus / perSocket)));
}

export function defaultMemoryHotplug(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  const memory = spec.domain.memory;
  if (configuration.vmRolloutStrategy !== "LiveUpdate" || memory?.guest === undefined || memory.maxGuest) return;
  if (!isQuantity(memory.guest) || memory.hugepages || spec.domain.cpu?.realtime) return;
  const { maxGuest, maxHotplugRatio } = configuration.liveUpdate;
  const guestBytes = quantityToNumber(memory.guest);
  if (spec.architecture !== "amd64" || guestBytes < minHotplugGuestBytes || spec.domain.launchSecurity) return;
  const maxBytes =
    maxGuest === undefined ? Math.min(guestBytes * maxHotplugRatio, maxHotplugGuestBytes) : quantityToNumber(maxGuest);
  if (maxBytes > guestBytes) memory.maxGuest = maxGuest ?? formatBytes(maxBytes);
}

export function virtualCpuCount(cpu: Cpu | undefined): number {
  return (cpu?.sockets || 1) * (cpu?.cores || 1) * (cpu?.threads || 1);
}
