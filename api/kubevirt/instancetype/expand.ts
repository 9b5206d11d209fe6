/** What a VirtualMachine is with its instance type and preference written out. */
import type { StatusCause } from "../validate/causes.ts";
import type { VirtConfiguration } from "../configuration.ts";
import type { VirtualMachine } from "../types.ts";
import { applyInstancetype } from "./apply-instancetype.ts";
import { applyPreference } from "./apply-preference.ts";
import { validateRequirements } from "./requirements.ts";
import type { MachineSpecs } from "./specs.ts";

export interface Expansion {
  /** A copy; it still names what it was made of. */
  vm: VirtualMachine;
  /** Why it cannot be made of them: then the copy is not complete. */
  causes: StatusCause[];
}

export function expandVirtualMachine(
  vm: VirtualMachine,
  specs: MachineSpecs,
  configuration: VirtConfiguration,
): Expansion {
  const copy = structuredClone(vm);
  const { instancetype, preference } = specs;
  const spec = copy.spec.template?.spec;
  // Validation tells what is missing.
  if (spec?.domain === undefined || (!instancetype && !preference)) return { vm: copy, causes: [] };
  spec.domain.devices ??= {};
  const causes = [
    ...validateRequirements(spec, specs),
    ...(instancetype ? applyInstancetype(spec, { instancetype, preference }) : []),
    ...(instancetype ? applyAnnotations(copy, instancetype.annotations) : []),
  ];
  if (causes.length > 0) return { vm: copy, causes };
  if (preference) {
    applyPreference(spec, preference, configuration);
    fillAnnotations(copy, preference.annotations);
    fillStorageClass(copy, preference.volumes?.preferredStorageClassName);
  }
  return { vm: copy, causes };
}

function applyAnnotations(vm: VirtualMachine, wanted: Record<string, string> = {}): StatusCause[] {
  const present = vm.spec.template.metadata?.annotations ?? {};
  const conflicts = Object.keys(wanted).filter((name) => (present[name] ?? wanted[name]) !== wanted[name]);
  fillAnnotations(vm, wanted);
  return conflicts.map((name) => ({
    reason: "FieldValueInvalid",
    field: `spec.template.metadata.annotations[${name}]`,
    message: `VM field(s) annotations.${name} conflicts with selected instance type`,
  }));
}

function fillAnnotations(vm: VirtualMachine, wanted: Record<string, string> = {}): void {
  const { template } = vm.spec;
  if (Object.keys(wanted).length === 0) return;
  template.metadata = { ...template.metadata, annotations: { ...wanted, ...template.metadata?.annotations } };
}

/** Of the volumes that are made with the machine. */
function fillStorageClass(vm: VirtualMachine, preferred: string | undefined): void {
  if (!preferred) return;
  for (const { spec } of vm.spec.dataVolumeTemplates ?? []) {
    for (const claim of [spec.pvc, spec.storage]) {
      if (claim && !claim.storageClassName) claim.storageClassName = preferred;
    }
  }
}
