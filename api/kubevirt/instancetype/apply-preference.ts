/**
 * What a preference fills in: only what the template leaves open, so the user always has the last word.
 *
 *   auto-attach choices ──▶ disks and interfaces that the template implies ──▶ what each device lacks, and the rest
 */
import { defaultDisks, defaultNetworkInterface } from "../defaults/devices.ts";
import type { VirtConfiguration } from "../configuration.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";
import { applyDevicePreferences } from "./apply-device-preferences.ts";
import { isAbsent, setAt, valueAt } from "./field-path.ts";
import type { PreferenceSpec } from "./specs.ts";

type Mapping = readonly [preferred: string, field: string];

/** They decide which devices there are. */
const autoattach: readonly Mapping[] = [
  ["devices.preferredAutoattachGraphicsDevice", "domain.devices.autoattachGraphicsDevice"],
  ["devices.preferredAutoattachInputDevice", "domain.devices.autoattachInputDevice"],
  ["devices.preferredAutoattachMemBalloon", "domain.devices.autoattachMemBalloon"],
  ["devices.preferredAutoattachPodInterface", "domain.devices.autoattachPodInterface"],
  ["devices.preferredAutoattachSerialConsole", "domain.devices.autoattachSerialConsole"],
];

const whole: readonly Mapping[] = [
  ["preferredSubdomain", "subdomain"],
  ["preferredTerminationGracePeriodSeconds", "terminationGracePeriodSeconds"],
  ["preferredArchitecture", "architecture"],
  ["preferredLaunchSecurity", "domain.launchSecurity"],
  ["machine.preferredMachineType", "domain.machine.type"],
  ["features.preferredAcpi", "domain.features.acpi"],
  ["features.preferredApic", "domain.features.apic"],
  ["features.preferredKvm", "domain.features.kvm"],
  ["features.preferredPvspinlock", "domain.features.pvspinlock"],
  ["features.preferredSmm", "domain.features.smm"],
  ["devices.preferredUseVirtioTransitional", "domain.devices.useVirtioTransitional"],
  ["devices.preferredBlockMultiQueue", "domain.devices.blockMultiQueue"],
  ["devices.preferredNetworkInterfaceMultiQueue", "domain.devices.networkInterfaceMultiqueue"],
  ["devices.preferredDisableHotplug", "domain.devices.disableHotplug"],
  ["devices.preferredRng", "domain.devices.rng"],
  ["devices.preferredTPM", "domain.devices.tpm"],
];

/** Each member is a choice of its own. */
const memberwise: readonly Mapping[] = [
  ["features.preferredHyperv", "domain.features.hyperv"],
  ["clock.preferredTimer", "domain.clock.timer"],
];

/** Changes `spec`. */
export function applyPreference(
  spec: VirtualMachineInstanceSpec,
  preference: PreferenceSpec,
  configuration: VirtConfiguration,
): void {
  fill(spec, preference, autoattach);
  defaultDisks(spec);
  defaultNetworkInterface(spec, configuration);
  fill(spec, preference, whole);
  fill(
    spec,
    preference,
    memberwise.flatMap((mapping) => members(preference, mapping)),
  );
  applyDevicePreferences(spec, preference.devices ?? {});
  applyClockOffset(spec, preference);
  applyCpuFeatures(spec, preference);
  applyFirmware(spec, preference.firmware ?? {});
}

function fill(spec: VirtualMachineInstanceSpec, preference: PreferenceSpec, mappings: readonly Mapping[]): void {
  for (const [preferred, field] of mappings) {
    const value = valueAt(preference, preferred);
    if (!isAbsent(value) && isAbsent(valueAt(spec, field))) setAt(spec, field, value);
  }
}

function members(preference: PreferenceSpec, [preferred, field]: Mapping): Mapping[] {
  const names = Object.keys((valueAt(preference, preferred) as object | undefined) ?? {});
  return names.map((name): Mapping => [`${preferred}.${name}`, `${field}.${name}`]);
}

function applyClockOffset({ domain }: VirtualMachineInstanceSpec, { clock }: PreferenceSpec): void {
  if (!clock?.preferredClockOffset || domain.clock?.utc || domain.clock?.timezone) return;
  domain.clock = { ...domain.clock, ...structuredClone(clock.preferredClockOffset) };
}

function applyCpuFeatures({ domain }: VirtualMachineInstanceSpec, { cpu }: PreferenceSpec): void {
  const present = domain.cpu?.features ?? [];
  const names = new Set(present.map(({ name }) => name));
  const missing = (cpu?.preferredCPUFeatures ?? []).filter(({ name }) => !names.has(name));
  if (missing.length > 0) domain.cpu = { ...domain.cpu, features: [...present, ...structuredClone(missing)] };
}

/** A template that names a bootloader keeps it; the preference may still say how. */
function applyFirmware(
  { domain }: VirtualMachineInstanceSpec,
  firmware: NonNullable<PreferenceSpec["firmware"]>,
): void {
  const { preferredUseBios, preferredUseBiosSerial, preferredEfi, preferredUseEfi, preferredUseSecureBoot } = firmware;
  const given = domain.firmware?.bootloader ?? {};
  const isOpen = !given.bios && !given.efi;
  const efi = isOpen && !preferredUseBios ? (preferredEfi ?? (preferredUseEfi ? {} : undefined)) : undefined;
  const bootloader = structuredClone({
    ...given,
    ...(isOpen && preferredUseBios && { bios: {} }),
    ...(efi && { efi }),
  });
  if (bootloader.bios && preferredUseBiosSerial !== undefined) bootloader.bios.useSerial ??= preferredUseBiosSerial;
  if (bootloader.efi && !preferredEfi && preferredUseSecureBoot !== undefined)
    bootloader.efi.secureBoot ??= preferredUseSecureBoot;
  if (bootloader.bios || bootloader.efi) domain.firmware = { ...domain.firmware, bootloader };
}
