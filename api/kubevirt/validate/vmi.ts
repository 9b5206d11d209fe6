/** All rules about a VirtualMachineInstance, applied to the defaulted spec. No cause means it can run. */
import { forbidden, invalid, required, type StatusCause } from "./causes.ts";
import { refuseMachineAnnotations } from "../known-metadata.ts";
import { reservedLabels } from "../names.ts";
import { validatePciAddresses } from "../pci-address.ts";
import { sameJson } from "../same-json.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../types.ts";
import { refuseUnavailable } from "./unavailable.ts";
import { validateAcpiIndexes } from "./acpi-index.ts";
import { validateArm } from "./arm.ts";
import { validateCpu } from "./cpu.ts";
import { validateCredentials } from "./credentials.ts";
import { validateDevices } from "./devices.ts";
import { validateDisks } from "./disks.ts";
import { validateFeatures } from "./features.ts";
import { validateFilesystems } from "./filesystems.ts";
import { validateFirmware } from "./firmware.ts";
import { validateMemory } from "./memory.ts";
import { validateNetworking } from "./network.ts";
import { validatePlacement } from "./placement.ts";
import { validateProbes } from "./probes.ts";
import { validateTags } from "./tags.ts";
import { validateVolumes } from "./volumes.ts";

type Rule = (spec: VirtualMachineInstanceSpec, path: string) => StatusCause[];

const rules: readonly Rule[] = [
  validateMemory,
  validateCpu,
  validateVolumes,
  validateDisks,
  validateFilesystems,
  validatePciAddresses,
  validateAcpiIndexes,
  validateTags,
  validateNetworking,
  validateFirmware,
  validateArm,
  validateDevices,
  validateFeatures,
  validateProbes,
  validateCredentials,
  validatePlacement,
  refuseUnavailable,
];

/** The longest name that leaves room for the launcher pod's prefix and suffix, and fits a label. */
export const maxNameLength = 63;

export function validateVirtualMachineInstance(
  spec: VirtualMachineInstanceSpec | undefined,
  path = "spec",
): StatusCause[] {
  if (!spec?.domain) return [required(`${path}.domain`, "the machine to run: its devices, memory and cpu")];
  return rules.flatMap((rule) => rule(spec, path));
}

export function validateName(name: string | undefined, field = "metadata.name"): StatusCause[] {
  if (!name || name.length <= maxNameLength) return [];
  return [invalid(field, name, `must not be longer than ${maxNameLength} characters`)];
}

/** Labels of the system on a VMI: `allowed` tells whether the writer is one of vmpod's own components. */
export function validateReservedLabels(
  current: Record<string, string> | undefined,
  previous: Record<string, string> | undefined,
  field = "metadata.labels",
): StatusCause[] {
  return reservedLabels
    .filter((label) => current?.[label] !== previous?.[label])
    .map((label) => forbidden(`${field}[${label}]`, `only vmpod's controllers set the label ${label}`));
}

function added(now: Record<string, string> = {}, before: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => before[name] !== value));
}

/** What a user may not change on a running VMI. */
export function validateVirtualMachineInstanceUpdate(
  vmi: VirtualMachineInstance,
  previous: VirtualMachineInstance,
): StatusCause[] {
  const causes = [
    ...validateReservedLabels(vmi.metadata?.labels, previous.metadata?.labels),
    ...refuseMachineAnnotations(
      added(vmi.metadata?.annotations, previous.metadata?.annotations),
      "metadata.annotations",
    ),
  ];
  if (sameJson(vmi.spec, previous.spec)) return causes;
  const owner = previous.metadata?.ownerReferences?.find((reference) => reference.controller);
  const fix = owner
    ? `change the ${owner.kind} "${owner.name}" and restart it`
    : "delete the instance and create it anew";
  return [...causes, forbidden("spec", `a VirtualMachineInstance cannot be changed: ${fix}`)];
}
