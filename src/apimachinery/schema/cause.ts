/** The reasons for which a field is refused, worded as `k8s.io/apimachinery/pkg/util/validation/field` words them. */
import type { StatusCause } from "../../base/errors.ts";

export function required(field: string, detail = ""): StatusCause {
  return cause("FieldValueRequired", field, detail === "" ? "Required value" : `Required value: ${detail}`);
}

export function invalid(field: string, value: unknown, detail: string): StatusCause {
  return cause("FieldValueInvalid", field, `Invalid value: ${show(value)}: ${detail}`);
}

export function typeInvalid(field: string, value: unknown, detail: string): StatusCause {
  return cause("FieldValueTypeInvalid", field, `Invalid value: ${show(value)}: ${detail}`);
}

export function notSupported(field: string, value: unknown, supported: readonly unknown[]): StatusCause {
  const values = supported.map(show).sort().join(", ");
  return cause("FieldValueNotSupported", field, `Unsupported value: ${show(value)}: supported values: ${values}`);
}

export function duplicate(field: string, value: unknown): StatusCause {
  return cause("FieldValueDuplicate", field, `Duplicate value: ${show(value)}`);
}

export function forbidden(field: string, detail: string): StatusCause {
  return cause("FieldValueForbidden", field, `Forbidden: ${detail}`);
}

export function tooLong(field: string, maxLength: number): StatusCause {
  return cause("FieldValueTooLong", field, `Too long: may not be more than ${maxLength} bytes`);
}

export function tooMany(field: string, actual: number, max: number): StatusCause {
  return cause("FieldValueTooMany", field, `Too many: ${actual}: must have at most ${max} items`);
}

function cause(reason: string, field: string, message: string): StatusCause {
  return { reason, message, field };
}

/** As Go's field errors print a value. */
function show(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}
