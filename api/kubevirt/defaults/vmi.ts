/**
 * Fills in what a VirtualMachineInstance leaves open, in upstream's order: later steps read what earlier ones
 * wrote (disk buses need the architecture, sockets need the CPU request, MAC addresses the firmware UUID).
 */
import { machineTypeFor, type VirtConfiguration } from "../configuration.ts";
import {
  defaultDiskBuses,
  defaultDisks,
  defaultImagePullPolicies,
  defaultInputs,
  defaultMacAddresses,
  defaultNetworkInterface,
} from "./devices.ts";
import { defaultHypervFeatures } from "./hyperv.ts";
import {
  defaultCpuHotplug,
  defaultCpuModel,
  defaultCpuRequest,
  defaultCpuTopology,
  defaultGuestMemory,
  defaultMemoryHotplug,
} from "./resources.ts";
import { annotations, finalizers, runtimeUser } from "../names.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec, VirtualMachineInstanceStatus } from "../types.ts";

export interface DefaultingContext {
  configuration: VirtConfiguration;
  newUuid: () => string;
  /** RFC 3339. */
  now: string;
}

type Step = (spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration) => void;

const steps: readonly Step[] = [
  defaultArchitecture,
  defaultMachineType,
  defaultBootloader,
  defaultCpuRequest,
  defaultGuestMemory,
  defaultCpuTopology,
  defaultImagePullPolicies,
  defaultEvictionStrategy,
  defaultNetworkInterface,
  defaultDisks,
  defaultHypervFeatures,
  defaultDiskBuses,
  defaultInputs,
  defaultCpuModel,
  defaultCpuHotplug,
  defaultMemoryHotplug,
  defaultMacAddresses,
  defaultSerialLog,
];

/** The defaulted copy of a spec; the argument is not changed. Tolerates what only validation will refuse. */
export function defaultVirtualMachineInstanceSpec(
  spec: VirtualMachineInstanceSpec,
  configuration: VirtConfiguration,
): VirtualMachineInstanceSpec {
  const copy = structuredClone(spec);
  copy.domain ??= { devices: {} };
  copy.domain.devices ??= {};
  for (const step of steps) step(copy, configuration);
  return copy;
}

/** A VMI as it is stored on create. */
export function defaultVirtualMachineInstance(
  vmi: VirtualMachineInstance,
  context: DefaultingContext,
): VirtualMachineInstance {
  const withUuid = structuredClone(vmi);
  withUuid.spec.domain ??= { devices: {} };
  withUuid.spec.domain.firmware = { ...withUuid.spec.domain.firmware };
  withUuid.spec.domain.firmware.uuid ||= context.newUuid();
  const spec = defaultVirtualMachineInstanceSpec(withUuid.spec, context.configuration);
  const metadata = {
    ...vmi.metadata,
    annotations: {
      [annotations.pciTopologyVersion]: "v3",
      // Once for its life: a guest that moves must find the devices that it has seen.
      ...(!context.configuration.freePageReporting && { [annotations.freePageReportingDisabled]: "true" }),
      ...vmi.metadata?.annotations,
    },
    finalizers: [...new Set([...(vmi.metadata?.finalizers ?? []), finalizers.virtualMachineInstance])],
  };
  return { ...vmi, metadata, spec, status: initialStatus(spec, context.now) };
}

export function initialStatus(spec: VirtualMachineInstanceSpec, now: string): VirtualMachineInstanceStatus {
  const guest = spec.domain.memory?.guest;
  const { sockets = 1, cores = 1, threads = 1 } = spec.domain.cpu ?? {};
  return {
    phase: "Pending",
    phaseTransitionTimestamps: [{ phase: "Pending", phaseTransitionTimestamp: now }],
    runtimeUser,
    currentCPUTopology: { sockets, cores, threads },
    ...(guest !== undefined && { memory: { guestAtBoot: guest, guestCurrent: guest, guestRequested: guest } }),
    ...(spec.domain.machine?.type && { machine: { type: spec.domain.machine.type } }),
  };
}

function defaultArchitecture(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  spec.architecture ||= configuration.architecture;
}

function defaultSerialLog({ domain: { devices } }: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  if (!configuration.serialConsoleLog) devices.logSerialConsole ??= false;
}

function defaultMachineType(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  const type = spec.domain.machine?.type || machineTypeFor(configuration, spec.architecture);
  if (type) spec.domain.machine = { ...spec.domain.machine, type };
}

/** arm64 has no BIOS. Also a kernel that QEMU loads is started by EFI: without its ACPI tables the power button is one that few kernels know. */
function defaultBootloader(spec: VirtualMachineInstanceSpec): void {
  const { firmware } = spec.domain;
  if (spec.architecture !== "arm64" || firmware?.bootloader) return;
  spec.domain.firmware = { ...firmware, bootloader: { efi: { secureBoot: false } } };
}

function defaultEvictionStrategy(spec: VirtualMachineInstanceSpec, configuration: VirtConfiguration): void {
  if (!spec.evictionStrategy && configuration.evictionStrategy) spec.evictionStrategy = configuration.evictionStrategy;
}
