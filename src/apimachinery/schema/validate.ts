/**
 * Checks an object against a structural schema; answers with Kubernetes' own paths, reasons and words.
 *
 * Total: any JSON value may be checked against any schema without an exception. Unknown fields are not its
 * business (`pruneObject` removes them first).
 */
import type { StatusCause } from "../../base/errors.ts";
import { required, typeInvalid } from "./cause.ts";
import { validateEnum, validateNumber, validateString } from "./validate-value.ts";
import { validateList } from "./validate-list.ts";
import { validateCombinations } from "./validate-combinations.ts";
import { validateMap } from "./validate-map.ts";
import { fieldSchema, isJsonObject, type JsonObject, type Schema } from "./schema.ts";

export interface ValidateOptions {
  /** Built-in kinds: absent and null mean the same; which lists may repeat items is up to the kind's own rules. */
  builtin?: boolean;
}

export function validateObject(
  schema: Schema,
  value: unknown,
  options: ValidateOptions = {},
  path = "",
): StatusCause[] {
  if (value === null && (schema.nullable === true || options.builtin === true)) return [];
  const wrongType = validateType(schema, value, path);
  if (wrongType) return [wrongType];
  return [
    ...validateEnum(schema, value, path),
    ...validateContent(schema, value, options, path),
    ...validateCombinations(schema, value, options, path),
  ];
}

function validateContent(schema: Schema, value: unknown, options: ValidateOptions, path: string): StatusCause[] {
  if (typeof value === "string") return validateString(schema, value, path);
  if (typeof value === "number") return validateNumber(schema, value, path);
  if (Array.isArray(value))
    return [...validateList(schema, value, options, path), ...validateItems(schema, value, options, path)];
  if (isJsonObject(value))
    return [...validateMap(schema, value, path), ...validateFields(schema, value, options, path)];
  return [];
}

function validateItems(schema: Schema, list: unknown[], options: ValidateOptions, path: string): StatusCause[] {
  const { items } = schema;
  return items ? list.flatMap((item, index) => validateObject(items, item, options, `${path}[${index}]`)) : [];
}

function validateFields(schema: Schema, object: JsonObject, options: ValidateOptions, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const field of schema.required ?? []) {
    const absent = !Object.hasOwn(object, field) || (options.builtin === true && object[field] === null);
    const zero = options.builtin === true && isZeroWhenAbsent(schema.properties?.[field], path);
    if (absent && !zero) causes.push(required(join(path, field)));
  }
  for (const [field, child] of Object.entries(object)) {
    const childSchema = fieldSchema(schema, field);
    if (childSchema) causes.push(...validateObject(childSchema, child, options, join(path, field)));
  }
  return causes;
}

/** Where Kubernetes decodes into a Go type, `false` and the counters of a status may be left out. */
function isZeroWhenAbsent(schema: Schema | undefined, path: string): boolean {
  return schema?.type === "boolean" || (schema?.type === "integer" && /^status\b/.test(path));
}

function validateType(schema: Schema, value: unknown, path: string): StatusCause | undefined {
  if (schema["x-kubernetes-int-or-string"] === true) {
    const good = typeof value === "string" || Number.isInteger(value);
    return good ? undefined : wrongType(path, "integer,string", value);
  }
  if (schema.type === undefined || hasType(schema.type, value)) return undefined;
  return wrongType(path, schema.type, value);
}

function hasType(type: NonNullable<Schema["type"]>, value: unknown): boolean {
  switch (type) {
    case "object":
      return isJsonObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function wrongType(path: string, expected: string, value: unknown): StatusCause {
  const actual = typeName(value);
  return typeInvalid(path, actual, `${path} in body must be of type ${expected}: "${actual}"`);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}

export function join(path: string, field: string): string {
  return path === "" ? field : `${path}.${field}`;
}
