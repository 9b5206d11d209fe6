/** What the launcher pod asks of the scheduler, and the limits it lives under. */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { virtualCpuCount } from "../../../api/kubevirt/default-resources.ts";
import { deviceResources } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { formatMillis, quantityToNumber } from "../../base/quantity.ts";
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
): Resources {
  const { requests = {}, limits = {}, overcommitGuestOverhead } = spec.domain.resources ?? {};
  const overheadBytes = memoryOverheadBytes(spec, accelerator);
  const memory = requests["memory"] ?? spec.domain.memory?.guest ?? "0";
  const devices = {
    [deviceResources.tun]: "1",
    ...(accelerator === "kvm" && { [deviceResources.kvm]: "1" }),
  };
  return {
    requests: {
      ...requests,
      cpu: requests["cpu"] ?? defaultCpuRequest(spec, configuration),
      memory: plusBytes(memory, overcommitGuestOverhead ? 0 : overheadBytes),
      ...devices,
    },
    limits: { ...limits, ...(limits["memory"] && { memory: plusBytes(limits["memory"], overheadBytes) }), ...devices },
  };
}

function defaultCpuRequest(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): string {
  return formatMillis(Math.ceil((virtualCpuCount(spec.domain.cpu) * 1000) / configuration.cpuAllocationRatio));
}

function plusBytes(quantity: string, bytes: number): string {
  return String(quantityToNumber(quantity) + bytes);
}
