/** Enumerations, numbers and strings. */
import { RE2JS, RE2JSException } from "re2js";
import type { StatusCause } from "../../base/errors.ts";
import { invalid, notSupported, tooLong, typeInvalid } from "./cause.ts";
import { hasFormat } from "./formats.ts";
import { sameJson } from "./same-json.ts";
import type { Schema } from "./schema.ts";

export function validateEnum(schema: Schema, value: unknown, path: string): StatusCause[] {
  const values = schema.enum;
  if (values === undefined || values.some((allowed) => sameJson(allowed, value))) return [];
  return [notSupported(path, value, values)];
}

export function validateNumber(schema: Schema, value: number, path: string): StatusCause[] {
  const { minimum, maximum, multipleOf, format } = schema;
  const wrong = (detail: string) => invalid(path, value, `${path} in body should be ${detail}`);
  const causes: StatusCause[] = [];
  if (format !== undefined && !hasFormat(format, value)) causes.push(wrongFormat(path, value, format));
  if (minimum !== undefined && tooSmall(value, minimum, schema.exclusiveMinimum))
    causes.push(wrong(`greater than ${schema.exclusiveMinimum === true ? "" : "or equal to "}${minimum}`));
  if (maximum !== undefined && tooSmall(-value, -maximum, schema.exclusiveMaximum))
    causes.push(wrong(`less than ${schema.exclusiveMaximum === true ? "" : "or equal to "}${maximum}`));
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    causes.push(wrong(`a multiple of ${multipleOf}`));
  return causes;
}

export function validateString(schema: Schema, value: string, path: string): StatusCause[] {
  const { minLength, maxLength, pattern, format } = schema;
  const causes: StatusCause[] = [];
  const length = minLength === undefined && maxLength === undefined ? 0 : countCharacters(value);
  if (minLength !== undefined && length < minLength)
    causes.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  if (maxLength !== undefined && length > maxLength) causes.push(tooLong(path, maxLength));
  if (pattern !== undefined && !matches(pattern, value))
    causes.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  if (format !== undefined && !hasFormat(format, value)) causes.push(wrongFormat(path, value, format));
  return causes;
}

function tooSmall(value: number, limit: number, exclusive: boolean | undefined): boolean {
  return exclusive === true ? value <= limit : value < limit;
}

function wrongFormat(path: string, value: unknown, format: string): StatusCause {
  return typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`);
}

function countCharacters(text: string): number {
  return Array.from(text).length;
}

const compiled = new Map<string, RE2JS | undefined>();

/** Patterns come with CRDs, so only linear-time matching is safe. A pattern that is none matches nothing. */
function matches(pattern: string, value: string): boolean {
  if (!compiled.has(pattern)) compiled.set(pattern, compilePattern(pattern));
  return compiled.get(pattern)?.matcher(value).find() ?? false;
}

/** Undefined when the text is not a valid RE2 expression. */
export function compilePattern(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}
