/** Rules about machine type and firmware. */
import { guestArchitectures } from "../architecture.ts";
import { invalid, notSupported, oneOf, type StatusCause } from "./causes.ts";
import { validateKernelBoot } from "../kernel-boot.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

const uuidPattern = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const machines = {
  amd64: { pattern: /^(q35|pc-q35-\d+(\.\d+)+|pc)$/, supported: ["q35", "pc", "pc-q35-VERSION"] },
  arm64: { pattern: /^virt(-\d+(\.\d+)+)?$/, supported: ["virt", "virt-VERSION"] },
};
const maxSerialLength = 256;

export function validateFirmware(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  return [
    ...validateArchitecture(spec, `${path}.architecture`),
    ...validateMachine(spec, `${path}.domain.machine.type`),
    ...validateIdentity(spec, `${path}.domain.firmware`),
    ...validateBootloader(spec, path),
    ...validateAcpi(spec, `${path}.domain.firmware.acpi`),
    ...validateKernelBoot(spec, path),
  ];
}

function validateArchitecture(spec: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  return oneOf(field, spec.architecture, guestArchitectures);
}

function validateMachine(spec: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const type = spec.domain.machine?.type;
  const { pattern, supported } = spec.architecture === "arm64" ? machines.arm64 : machines.amd64;
  return !type || pattern.test(type) ? [] : [notSupported(field, type, supported)];
}

function validateIdentity(spec: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const { uuid, serial } = spec.domain.firmware ?? {};
  return [
    ...(uuid && !uuidPattern.test(uuid)
      ? [invalid(`${field}.uuid`, uuid, "is no UUID: write e.g. 5d307ca9-b3ef-428c-8861-06e72d69f223")]
      : []),
    ...(serial && serial.length > maxSerialLength
      ? [invalid(`${field}.serial`, serial, `is longer than ${maxSerialLength} characters`)]
      : []),
  ];
}

/** What they hold is given to the guest as it is. */
function validateAcpi({ domain, volumes = [] }: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const acpi = domain.firmware?.acpi ?? {};
  return (["slicNameRef", "msdmNameRef"] as const).flatMap((name) => {
    const wanted = acpi[name];
    if (!wanted || volumes.find((volume) => volume.name === wanted)?.secret) return [];
    return [
      invalid(`${field}.${name}`, wanted, "names no volume of a Secret: add it to volumes, with secret.secretName"),
    ];
  });
}

function validateBootloader(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const bootloader = spec.domain.firmware?.bootloader;
  const field = `${path}.domain.firmware.bootloader`;
  if (bootloader?.bios && bootloader.efi) return [invalid(field, ["bios", "efi"], "keep one of bios and efi")];
  // Upstream's rule: Secure Boot is the default of EFI and needs System Management Mode.
  if (!bootloader?.efi || bootloader.efi.secureBoot === false) return [];
  const smm = spec.domain.features?.smm;
  if (smm !== undefined && smm.enabled !== false) return [];
  return [
    invalid(
      `${field}.efi.secureBoot`,
      true,
      "Secure Boot needs SMM: set features.smm.enabled to true, or efi.secureBoot to false",
    ),
  ];
}
