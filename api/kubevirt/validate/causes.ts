/**
 * How validation reports: one `StatusCause` per wrong field. `kubectl` prints them as `* FIELD: MESSAGE`, so a
 * message never repeats the field; it names the value and what to write instead.
 */
import type { StatusCause } from "../../../src/base/errors.ts";

export type { StatusCause };

export function required(field: string, message: string): StatusCause {
  return { reason: "FieldValueRequired", message: `Required value: ${message}`, field };
}

export function invalid(field: string, value: unknown, message: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${message}`, field };
}

export function forbidden(field: string, message: string): StatusCause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${message}`, field };
}

export function duplicate(field: string, value: unknown, message: string): StatusCause {
  return { reason: "FieldValueDuplicate", message: `Duplicate value: ${JSON.stringify(value)}: ${message}`, field };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): StatusCause {
  const list = supported.map((text) => JSON.stringify(text)).join(", ");
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
    field,
  };
}

/** A cause unless `value` is absent or one of `supported`. */
export function oneOf(field: string, value: string | undefined, supported: readonly string[]): StatusCause[] {
  return value === undefined || value === "" || supported.includes(value)
    ? []
    : [notSupported(field, value, supported)];
}

/** A cause for each item whose key appeared before. */
export function unique<T>(
  items: readonly T[],
  keyOf: (item: T) => string | number | undefined,
  fieldOf: (index: number) => string,
  message: string,
): StatusCause[] {
  const seen = new Set<string | number>();
  return items.flatMap((item, index) => {
    const key = keyOf(item);
    if (key === undefined || key === "") return [];
    if (seen.has(key)) return [duplicate(fieldOf(index), key, message)];
    seen.add(key);
    return [];
  });
}

/** The names of `candidates` that are set on `object`. */
export function setFields(object: object | undefined, candidates: readonly string[]): string[] {
  if (object === undefined) return [];
  const fields = object as Record<string, unknown>;
  return candidates.filter((name) => fields[name] !== undefined && fields[name] !== null);
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function isDnsLabel(text: string): boolean {
  return dnsLabel.test(text);
}
