/** What the launcher pod asks of the scheduler, and the limits it lives under. */
import type { VirtConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { virtualCpuCount } from "../../../../api/kubevirt/defaults/resources.ts";
import { deviceResources } from "../../../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { formatMillis, quantityToMillis, quantityToNumber } from "../../../base/quantity.ts";
import { type AutoLimits, noAutoLimits } from "./auto-limits.ts";
import type { Accelerator } from "./domain.ts";
import { memoryOverheadBytes } from "./memory-overhead.ts";

export interface Resources {
  requests: Record<string, string>;
  limits: Record<string, string>;
}

export function launcherResources(
  spec: VirtualMachineInstanceSpec,
  accelerator: Accelerator,
  configuration: VirtConfiguration,
  autoLimits: AutoLimits = noAutoLimits,
): Resources {
  const { requests = {}, limits = {} } = spec.domain.resources ?? {};
  const resources = isDedicated(spec)
    ? dedicatedResources(spec, accelerator)
    : withAutoLimits(spec, autoLimits, sharedResources(spec, accelerator, configuration));
  const others = {
    ...hugePages(spec),
    [deviceResources.tun]: "1",
    ...(accelerator === "kvm" && { [deviceResources.kvm]: "1" }),
  };
  return {
    requests: { ...requests, ...resources.requests, ...others },
    limits: { ...limits, ...resources.limits, ...others },
  };
}

function sharedResources(
  spec: VirtualMachineInstanceSpec,
  accelerator: Accelerator,
  configuration: VirtConfiguration,
): Resources {
  const { requests = {}, limits = {}, overcommitGuestOverhead } = spec.domain.resources ?? {};
  const overheadBytes = memoryOverheadBytes(spec, accelerator);
  const ofPages = isOfHugePages(spec);
  const memory = ofPages ? "0" : (requests["memory"] ?? overcommitted(spec, configuration));
  return {
    requests: {
      cpu: requests["cpu"] ?? defaultCpuRequest(spec, configuration),
      memory: plusBytes(memory, overcommitGuestOverhead && !ofPages ? 0 : overheadBytes),
    },
    limits: limits["memory"] ? { memory: plusBytes(ofPages ? "0" : limits["memory"], overheadBytes) } : {},
  };
}

function overcommitted({ domain }: VirtualMachineInstanceSpec, configuration: VirtConfiguration): string {
  const bytes = quantityToNumber(domain.memory?.guest ?? 0);
  return String(Math.ceil((bytes * 100) / configuration.memoryOvercommitPercent));
}

/** What the user limits is as he says; what he requests is never more than its limit. */
function withAutoLimits(
  spec: VirtualMachineInstanceSpec,
  auto: AutoLimits,
  { requests, limits }: Resources,
): Resources {
  const given = spec.domain.resources?.limits ?? {};
  const cpu = Math.max(virtualCpuCount(spec.domain.cpu) * 1000, quantityToMillis(requests["cpu"] ?? 0));
  const memory = Math.ceil(quantityToNumber(requests["memory"] ?? 0) * (auto.memoryRatio ?? 1));
  return {
    requests,
    limits: {
      ...limits,
      ...(auto.cpu && given["cpu"] === undefined && { cpu: formatMillis(cpu) }),
      ...(auto.memoryRatio !== undefined && given["memory"] === undefined && { memory: String(memory) }),
    },
  };
}

const isDedicated = ({ domain }: VirtualMachineInstanceSpec): boolean => domain.cpu?.dedicatedCpuPlacement === true;

/** Quality of service Guaranteed, with a whole number of CPUs: only then a kubelet gives it processors of its own. */
function dedicatedResources(spec: VirtualMachineInstanceSpec, accelerator: Accelerator): Resources {
  const { requests = {}, limits = {} } = spec.domain.resources ?? {};
  const emulator = spec.domain.cpu?.isolateEmulatorThread ? 1 : 0;
  const asked = quantityToNumber(limits["memory"] ?? requests["memory"] ?? 0);
  // A guest with less than its memory would be killed at its limit.
  const bytes = Math.max(asked, quantityToNumber(spec.domain.memory?.guest ?? 0));
  const amounts = {
    cpu: String(virtualCpuCount(spec.domain.cpu) + emulator),
    memory: String((isOfHugePages(spec) ? 0 : bytes) + memoryOverheadBytes(spec, accelerator)),
  };
  return { requests: amounts, limits: amounts };
}

const isOfHugePages = (spec: VirtualMachineInstanceSpec): boolean => Object.keys(hugePages(spec)).length > 0;

/** The guest's memory is of another kind then, of which a node has so much; what is left of the usual kind is QEMU's own. */
function hugePages({ domain }: VirtualMachineInstanceSpec): Record<string, string> {
  const pageSize = domain.memory?.hugepages?.pageSize;
  return pageSize ? { [`hugepages-${pageSize}`]: domain.memory?.guest ?? "0" } : {};
}

function defaultCpuRequest(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): string {
  return formatMillis(Math.ceil((virtualCpuCount(spec.domain.cpu) * 1000) / configuration.cpuAllocationRatio));
}

function plusBytes(quantity: string, bytes: number): string {
  return String(quantityToNumber(quantity) + bytes);
}
