/**
 * What a VirtualMachine keeps once decided, so that it is the same machine after each restart and after an
 * upgrade of the cluster's defaults: architecture, machine type and firmware UUID. Everything else in the
 * template is defaulted anew for each VirtualMachineInstance. What a preference says comes before the cluster's defaults.
 */
import { machineTypeFor } from "../configuration.ts";
import type { DefaultingContext } from "./vmi.ts";
import type { PreferenceSpec } from "../instancetype/specs.ts";
import { finalizers } from "../names.ts";
import type { VirtualMachine, VirtualMachineInstanceSpec } from "../types.ts";

export interface VmDefaultingContext extends DefaultingContext {
  preference?: PreferenceSpec | undefined;
}

export function defaultVirtualMachine(
  vm: VirtualMachine,
  context: VmDefaultingContext,
  previous?: VirtualMachine,
): VirtualMachine {
  const copy = structuredClone(vm);
  if (copy.metadata?.deletionTimestamp === undefined) addFinalizer(copy);
  const template = copy.spec?.template?.spec;
  // Validation tells what is missing.
  if (template?.domain === undefined) return copy;
  const kept = previous?.spec.template.spec;
  const { configuration, preference } = context;
  template.architecture ||= kept?.architecture || preference?.preferredArchitecture || configuration.architecture;
  const preferredType = preference?.machine?.preferredMachineType;
  keepMachineType(template, kept, preferredType || machineTypeFor(configuration, template.architecture));
  template.domain.firmware = { ...template.domain.firmware };
  template.domain.firmware.uuid ||= kept?.domain.firmware?.uuid || context.newUuid();
  return copy;
}

function addFinalizer(vm: VirtualMachine): void {
  const present = vm.metadata?.finalizers ?? [];
  vm.metadata = { ...vm.metadata, finalizers: [...new Set([...present, finalizers.virtualMachine])] };
}

function keepMachineType(
  template: VirtualMachineInstanceSpec,
  kept: VirtualMachineInstanceSpec | undefined,
  fallback: string | undefined,
): void {
  const type = template.domain.machine?.type || kept?.domain.machine?.type || fallback;
  if (type) template.domain.machine = { ...template.domain.machine, type };
}
