/**
 * What an instance type decides: vCPUs, memory and what belongs to them. A template that says the same things again is refused,
 * because nobody could tell which one was meant.
 */
import { formatBytes, quantityToNumber } from "../../../src/base/quantity.ts";
import type { StatusCause } from "../validate/causes.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";
import { topologyOf, validateSpread } from "./cpu-topology.ts";
import { setAt, valueAt } from "./field-path.ts";
import type { InstancetypeSpec, MachineSpecs } from "./specs.ts";

/** Of the instance type alone: any value in the template is one too many. */
const decided = [
  "domain.cpu.sockets",
  "domain.cpu.cores",
  "domain.cpu.threads",
  "domain.resources.requests.cpu",
  "domain.resources.limits.cpu",
  "domain.memory.guest",
  "domain.resources.requests.memory",
  "domain.resources.limits.memory",
];

/** What an instance type may leave to the template: where it has it, and where an instance does. */
const optional: readonly [from: string, to: string][] = [
  ["nodeSelector", "nodeSelector"],
  ["schedulerName", "schedulerName"],
  ["cpu.model", "domain.cpu.model"],
  ["cpu.dedicatedCPUPlacement", "domain.cpu.dedicatedCpuPlacement"],
  ["cpu.isolateEmulatorThread", "domain.cpu.isolateEmulatorThread"],
  ["cpu.maxSockets", "domain.cpu.maxSockets"],
  ["cpu.numa", "domain.cpu.numa"],
  ["cpu.realtime", "domain.cpu.realtime"],
  ["memory.hugepages", "domain.memory.hugepages"],
  ["memory.maxGuest", "domain.memory.maxGuest"],
  ["ioThreadsPolicy", "domain.ioThreadsPolicy"],
  ["ioThreads", "domain.ioThreads"],
  ["launchSecurity", "domain.launchSecurity"],
  ["gpus", "domain.devices.gpus"],
  ["hostDevices", "domain.devices.hostDevices"],
];

/** Changes `spec`, unless there is a cause. */
export function applyInstancetype(
  spec: VirtualMachineInstanceSpec,
  { instancetype, preference }: MachineSpecs & { instancetype: InstancetypeSpec },
): StatusCause[] {
  const given = optional.filter(([from]) => isSaid(valueAt(instancetype, from)));
  const causes = [
    ...[...decided, ...given.map(([, to]) => to)].filter((path) => isSaid(valueAt(spec, path))).map(conflict),
    ...validateSpread(instancetype.cpu.guest, preference),
  ];
  if (causes.length > 0) return causes;
  for (const [from, to] of given) setAt(spec, to, valueAt(instancetype, from));
  spec.domain.cpu = { ...spec.domain.cpu, ...topologyOf(instancetype.cpu.guest, preference) };
  applyMemory(spec, instancetype.memory);
  return [];
}

function conflict(path: string): StatusCause {
  const field = `spec.template.spec.${path}`;
  return { reason: "FieldValueInvalid", field, message: `VM field(s) ${field} conflicts with selected instance type` };
}

/** With overcommit the pod asks for less memory than the guest sees. */
function applyMemory(spec: VirtualMachineInstanceSpec, memory: InstancetypeSpec["memory"]): void {
  spec.domain.memory = { ...spec.domain.memory, guest: memory.guest };
  const percent = memory.overcommitPercent ?? 0;
  if (percent <= 0) return;
  const requestedBytes = Math.floor((quantityToNumber(memory.guest) * (100 - percent)) / 100);
  setAt(spec, "domain.resources.requests.memory", formatBytes(requestedBytes));
}

/** `0`, `false` and empty lists say nothing: clients send them for fields that they do not know to be optional. */
function isSaid(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== "" && value !== 0 && value !== false;
}
