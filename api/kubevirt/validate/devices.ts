/** Rules about inputs, watchdog, clock and other small devices. */
import { invalid, oneOf, required, type StatusCause, unique } from "./causes.ts";
import { isTimeZone, maxOffsetSeconds } from "../time-zone.ts";
import type { Devices, Domain, VirtualMachineInstanceSpec } from "../types.ts";

export const videoTypes = ["vga", "virtio", "bochs", "cirrus", "ramfb"] as const;

export function validateDevices(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const field = `${path}.domain.devices`;
  return [
    ...validateInputs(spec.domain.devices, `${field}.inputs`),
    ...validateWatchdog(spec.domain.devices, `${field}.watchdog`),
    ...validatePanicDevices(spec.domain.devices, `${field}.panicDevices`),
    ...validateSound(spec.domain.devices, `${field}.sound`),
    ...validateVideo(spec.domain.devices, `${field}.video`),
    ...validateClock(spec.domain.clock, `${path}.domain.clock`),
  ];
}

function validateVideo({ video, autoattachGraphicsDevice }: Devices, field: string): StatusCause[] {
  return [
    ...(video && autoattachGraphicsDevice === false
      ? [invalid(field, video, "needs a screen: remove autoattachGraphicsDevice, or video")]
      : []),
    ...oneOf(`${field}.type`, video?.type, videoTypes),
  ];
}

function validateClock(clock: Domain["clock"], field: string): StatusCause[] {
  const rtc = clock?.timer?.rtc;
  const { timezone, utc } = clock ?? {};
  const offset = utc?.offsetSeconds ?? 0;
  return [
    ...(timezone && utc ? [invalid(field, ["timezone", "utc"], "keep one of timezone and utc")] : []),
    ...(timezone && !isTimeZone(timezone)
      ? [invalid(`${field}.timezone`, timezone, "is no time zone: write e.g. Europe/Berlin")]
      : []),
    ...(Math.abs(offset) > maxOffsetSeconds
      ? [invalid(`${field}.utc.offsetSeconds`, offset, `must be within a day, ${maxOffsetSeconds} seconds`)]
      : []),
    ...oneOf(`${field}.timer.rtc.tickPolicy`, rtc?.tickPolicy, ["catchup", "delay"]),
    ...oneOf(`${field}.timer.rtc.track`, rtc?.track, ["guest", "wall"]),
  ];
}

function validateInputs(devices: Devices, field: string): StatusCause[] {
  const inputs = devices.inputs ?? [];
  return [
    ...inputs.flatMap((input, index) =>
      input.name ? [] : [required(`${field}[${index}].name`, "an input device needs a name")],
    ),
    ...inputs.flatMap((input, index) => oneOf(`${field}[${index}].type`, input.type, ["tablet", "keyboard"])),
    ...inputs.flatMap((input, index) => oneOf(`${field}[${index}].bus`, input.bus, ["virtio", "usb"])),
    ...unique(
      inputs,
      (input) => input.name,
      (index) => `${field}[${index}].name`,
      "each input device needs its own name",
    ),
  ];
}

function validatePanicDevices({ panicDevices = [] }: Devices, field: string): StatusCause[] {
  return [
    ...panicDevices.flatMap(({ model }, index) =>
      oneOf(`${field}[${index}].model`, model, ["hyperv", "isa", "pvpanic"]),
    ),
    ...unique(
      panicDevices,
      ({ model }) => model || "isa",
      (index) => `${field}[${index}].model`,
      "a machine has one panic device of a model; without a model it is isa",
    ),
  ];
}

function validateSound({ sound }: Devices, field: string): StatusCause[] {
  if (sound === undefined) return [];
  return [
    ...(sound.name ? [] : [required(`${field}.name`, "a sound device needs a name")]),
    ...oneOf(`${field}.model`, sound.model, ["ich9", "ac97"]),
  ];
}

function validateWatchdog(devices: Devices, field: string): StatusCause[] {
  const watchdog = devices.watchdog;
  if (watchdog === undefined) return [];
  return [
    ...(watchdog.name ? [] : [required(`${field}.name`, "a watchdog needs a name")]),
    ...(watchdog.i6300esb || watchdog.diag288 ? [] : [required(`${field}.i6300esb`, "the watchdog of amd64")]),
    ...oneOf(`${field}.i6300esb.action`, watchdog.i6300esb?.action, ["poweroff", "reset", "shutdown"]),
  ];
}
