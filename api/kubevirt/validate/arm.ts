/**
 * What a guest of arm64 cannot have: devices of a PC, and what KubeVirt refuses there as well. Each would otherwise be a QEMU that does
 * not start, or a device that is not there.
 */
import { forbidden, invalid, notSupported, type StatusCause } from "./causes.ts";
import type { Disk, VirtualMachineInstanceSpec } from "../types.ts";

const armBuses = ["virtio", "scsi"];
const armVideo = ["virtio", "ramfb"];
const amd64Only = "is amd64's: leave it out on arm64";

export function validateArm(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  if (spec.architecture !== "arm64") return [];
  const field = `${path}.domain`;
  return [
    ...validateBootloader(spec, `${field}.firmware`),
    ...validateProcessor(spec, `${field}.cpu`),
    ...(spec.domain.devices.disks ?? []).flatMap((disk, index) =>
      validateBus(disk, `${field}.devices.disks[${index}]`),
    ),
    ...validateDevices(spec, `${field}.devices`),
    ...given(spec.domain.features, `${field}.features`, ["hyperv", "hypervPassthrough", "kvm", "pvspinlock", "smm"]),
    ...given(spec.domain.clock?.timer, `${field}.clock.timer`, ["hpet", "hyperv", "kvm", "pit"]),
    ...given(spec.domain.clock?.timer?.rtc, `${field}.clock.timer.rtc`, ["tickPolicy"]),
  ];
}

function validateBootloader({ domain }: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const { bootloader, acpi } = domain.firmware ?? {};
  const at = `${field}.bootloader`;
  const { bios, efi } = bootloader ?? {};
  return [
    ...(bios ? [forbidden(`${at}.bios`, "arm64 has no BIOS: use efi with secureBoot: false")] : []),
    ...(efi && efi.secureBoot !== false
      ? [
          invalid(
            `${at}.efi.secureBoot`,
            efi.secureBoot ?? true,
            "Secure Boot is not supported on arm64: set it to false",
          ),
        ]
      : []),
    ...(efi?.persistent
      ? [invalid(`${at}.efi.persistent`, true, "the EFI variables of arm64 guests are not kept: leave it out")]
      : []),
    ...given(acpi, `${field}.acpi`, ["slicNameRef", "msdmNameRef"]),
  ];
}

function validateProcessor({ domain }: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  if (domain.cpu?.model !== "host-model") return [];
  const fix = "is not supported on arm64: use host-passthrough, or a name of `qemu-system-aarch64 -cpu help`";
  return [invalid(`${field}.model`, "host-model", fix)];
}

function validateBus({ disk, cdrom }: Disk, field: string): StatusCause[] {
  return Object.entries({ disk, cdrom }).flatMap(([target, value]) =>
    value?.bus && !armBuses.includes(value.bus)
      ? [notSupported(`${field}.${target}.bus`, value.bus, target === "cdrom" ? ["scsi"] : armBuses)]
      : [],
  );
}

function validateDevices({ domain: { devices } }: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const { video, panicDevices = [], interfaces = [] } = devices;
  return [
    ...given(devices, field, ["sound", "watchdog"]),
    ...(video?.type && !armVideo.includes(video.type)
      ? [notSupported(`${field}.video.type`, video.type, armVideo)]
      : []),
    ...panicDevices.flatMap(({ model }, index) =>
      model && model !== "pvpanic" ? [notSupported(`${field}.panicDevices[${index}].model`, model, ["pvpanic"])] : [],
    ),
    ...interfaces.flatMap(({ acpiIndex }, index) =>
      acpiIndex ? [invalid(`${field}.interfaces[${index}].acpiIndex`, acpiIndex, amd64Only)] : [],
    ),
  ];
}

/** A refusal for each of the fields that is there. */
function given<T extends object>(
  object: T | undefined,
  field: string,
  names: readonly (keyof T & string)[],
): StatusCause[] {
  const present = names.filter((name) => object?.[name] !== undefined && object[name] !== null && object[name] !== "");
  return present.map((name) => forbidden(`${field}.${name}`, amd64Only));
}
