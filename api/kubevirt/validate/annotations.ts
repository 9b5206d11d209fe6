/** Rules about annotations of an instance that say what the machine is. */
import { forbidden, invalid, type StatusCause } from "./causes.ts";
import { refuseMachineAnnotations } from "../known-metadata.ts";
import { annotations } from "../names.ts";

/** It becomes one argument of QEMU's, in which commas are doubled; Linux takes arguments of 128 KiB at most. */
const maxIgnitionBytes = 60 * 1024;

/** @param architecture of the machine; amd64 when it does not say */
export function validateAnnotations(
  given: Record<string, string> | undefined,
  field: string,
  architecture?: string,
): StatusCause[] {
  const ignition = given?.[annotations.ignitionData];
  return [
    ...refuseMachineAnnotations(given, field),
    ...validateSwitch(
      given?.[annotations.freePageReportingDisabled],
      `${field}[${annotations.freePageReportingDisabled}]`,
    ),
    ...validatePciHole(
      given?.[annotations.disablePciHole64],
      `${field}[${annotations.disablePciHole64}]`,
      architecture,
    ),
    ...(ignition === undefined ? [] : validateIgnition(ignition, `${field}[${annotations.ignitionData}]`)),
    ...validateSwitch(given?.[annotations.metadataService], `${field}[${annotations.metadataService}]`),
  ];
}

/** QEMU's board of arm64 has no such switch. */
function validatePciHole(value: string | undefined, field: string, architecture: string | undefined): StatusCause[] {
  const wrong = validateSwitch(value, field);
  if (wrong.length > 0 || value !== "true" || architecture !== "arm64") return wrong;
  return [forbidden(field, "a machine of arm64 always has room for devices above 4 GiB: leave it out")];
}

/** Another value would silently be "off". */
function validateSwitch(value: string | undefined, field: string): StatusCause[] {
  if (value === undefined || value === "true" || value === "false") return [];
  return [invalid(field, value, 'must be "true" or "false"')];
}

function validateIgnition(text: string, field: string): StatusCause[] {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxIgnitionBytes) {
    const fix = `exceeds ${maxIgnitionBytes} bytes: let it fetch the rest (ignition.config.merge)`;
    return [invalid(field, `${bytes} bytes`, fix)];
  }
  return isObject(text) ? [] : [invalid(field, text.slice(0, 24), "is not a JSON object: make it with butane")];
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
