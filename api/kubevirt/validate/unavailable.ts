/**
 * Fields of the upstream API that vmpod cannot honour yet. Using one is refused with its reason: a machine that
 * silently lacks a device or a guarantee is worse than one that is not created. One table, so that taking a
 * line away is all that a new feature needs.
 */
import { passtPlugin } from "../passt.ts";
import { forbidden, type StatusCause } from "./causes.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

interface Unavailable {
  /** Dots between fields, `[]` after a list. */
  path: string;
  reason: string;
  /** Says what is so anyway, and so asks for nothing. */
  isDefault?: (value: unknown) => boolean;
}

const isTrue = (value: unknown): boolean => value === true;
const is =
  (...defaults: unknown[]) =>
  (value: unknown): boolean =>
    defaults.includes(value);

const noPassthrough = "passing host devices through to a guest is not available yet";
const noEncryption = "encrypted guests are not available yet";

export const unavailable: readonly Unavailable[] = [
  { path: "domain.launchSecurity", reason: noEncryption },
  {
    path: "domain.cpu.numa",
    reason: "NUMA topologies are not available yet: leave it out, and the guest has one node, wherever its memory is",
  },
  {
    path: "domain.cpu.realtime",
    reason:
      "real-time guests are not available yet: leave it out; dedicatedCpuPlacement gives each vCPU a processor of its own",
  },
  {
    path: "domain.memory.reservedOverhead.memLock",
    reason: "memory is not locked: only devices that are passed through need that",
    isDefault: is("NotRequired", ""),
  },
  {
    path: "domain.clock.timer.hpet.tickPolicy",
    reason: "the HPET delays late ticks: leave it out",
    isDefault: is("delay", ""),
  },
  { path: "domain.clock.timer.pit.present", reason: "a machine always has a PIT: leave it out", isDefault: isTrue },
  {
    path: "domain.clock.timer.pit.tickPolicy",
    reason: "the PIT delays late ticks: leave it out",
    isDefault: is("delay", ""),
  },
  { path: "domain.clock.timer.rtc.present", reason: "a machine always has an RTC: leave it out", isDefault: isTrue },
  {
    path: "domain.features.acpi.enabled",
    reason: "machines without ACPI are not available: leave it out, and say acpi=off to the guest's kernel",
    isDefault: isTrue,
  },
  {
    path: "domain.features.apic.enabled",
    reason: "a machine always has an APIC: leave it out, and say noapic to the guest's kernel",
    isDefault: isTrue,
  },
  { path: "domain.features.apic.endOfInterrupt", reason: "it is left to QEMU: leave it out" },
  {
    path: "domain.firmware.bootloader.bios.useSerial",
    reason: "the firmware does not write to the serial console: look at it with `vmpod vnc`",
  },
  { path: "domain.devices.autoattachVSOCK", reason: "VSOCK is not available yet" },
  { path: "domain.devices.gpus", reason: noPassthrough },
  { path: "domain.devices.hostDevices", reason: noPassthrough },
  { path: "domain.devices.watchdog.diag288", reason: "it is a watchdog of s390x: use i6300esb" },
  { path: "domain.devices.disks[].lun", reason: "SCSI passthrough is not available yet: use disk" },
  {
    path: "domain.devices.disks[].cdrom.readonly",
    reason: "a cdrom is read-only: use disk for what is to be written",
    isDefault: isTrue,
  },
  { path: "domain.devices.disks[].changedBlockTracking", reason: "changed block tracking is not available yet" },
  { path: "domain.devices.interfaces[].sriov", reason: noPassthrough },
  {
    path: "domain.devices.interfaces[].binding",
    reason: "network binding plugins but passt are not available yet: use masquerade",
    isDefault: (value) => (value as { name?: string }).name === passtPlugin,
  },
  {
    path: "networks[].multus.default",
    reason: "replacing the pod's own network is not available yet: leave default out, and the pod network, too",
  },
  { path: "networks[].resourceClaim", reason: "networks of resource claims are not available yet: use pod or multus" },
  { path: "resourceClaims", reason: "dynamic resource allocation is not available yet" },
  { path: "utilityVolumes", reason: "utility volumes are not available yet" },
  { path: "volumes[].containerPath", reason: "containerPath is not available yet" },
  {
    path: "volumes[].dataVolume",
    reason: "DataVolumes are not available yet: use containerDisk or persistentVolumeClaim",
  },
  {
    path: "volumes[].memoryDump",
    reason:
      "a dump is asked for while the machine runs, by the subresource memorydump (`vmpod memory-dump get`): leave it out",
  },
];

export function refuseUnavailable(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  return unavailable.flatMap((entry) =>
    uses(spec, entry.path.split("."), entry.isDefault ?? isEmpty).map((field) =>
      forbidden(`${path}.${field}`, entry.reason),
    ),
  );
}

function isEmpty(value: unknown): boolean {
  return value === false || (Array.isArray(value) && value.length === 0);
}

/** The concrete fields below `value` that match the path and ask for something. */
function uses(value: unknown, path: readonly string[], isDefault: (value: unknown) => boolean): string[] {
  const [head = "", ...rest] = path;
  const name = head.replace("[]", "");
  const next = isObject(value) ? value[name] : undefined;
  const below = (part: unknown, field: string): string[] => {
    if (rest.length > 0) return uses(part, rest, isDefault).map((found) => `${field}.${found}`);
    return part === undefined || part === null || isDefault(part) ? [] : [field];
  };
  if (head === name) return below(next, name);
  return Array.isArray(next) ? next.flatMap((item, index) => below(item, `${name}[${index}]`)) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
