/**
 * Removes the fields that a schema does not know, and says which they were.
 *
 * Kubernetes drops unknown fields silently, with a warning, or refuses them, as the request's
 * `fieldValidation` asks; the caller decides with the returned paths.
 */
import { fieldSchema, isJsonObject, type JsonObject, type Schema } from "./schema.ts";

export interface PruneOptions {
  /** Also remove fields that are null, or empty where only words are allowed: to a Go type both are unset. */
  dropNulls?: boolean;
}

/** Changes `value` in place; returns the paths of what was unknown, e.g. `spec.containers[0].imag`. */
export function pruneObject(schema: Schema, value: unknown, given: PruneOptions = {}, path = ""): string[] {
  const options = schema["x-vmpod-null-is-absent"] === true ? { dropNulls: true } : given;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.flatMap((item, index) => pruneObject(items, item, options, `${path}[${index}]`)) : [];
  }
  return isJsonObject(value) ? pruneFields(schema, value, options, path) : [];
}

function pruneFields(schema: Schema, object: JsonObject, options: PruneOptions, path: string): string[] {
  const unknown: string[] = [];
  for (const [field, child] of Object.entries(object)) {
    const childPath = path === "" ? field : `${path}.${field}`;
    const childSchema = fieldSchema(schema, field);
    if (childSchema) {
      if (options.dropNulls === true && isUnset(childSchema, child)) delete object[field];
      else unknown.push(...pruneObject(childSchema, child, options, childPath));
    } else if (!keepsUnknownFields(schema)) {
      delete object[field];
      unknown.push(childPath);
    }
  }
  return unknown;
}

function isUnset(schema: Schema, value: unknown): boolean {
  if (value === null) return schema.nullable !== true;
  return value === "" && schema.enum !== undefined && !schema.enum.includes("");
}

/** An object without any declared field holds free-form data (`fieldsV1`, raw extensions). */
function keepsUnknownFields(schema: Schema): boolean {
  if (schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true) return true;
  return schema.type === undefined && schema.properties === undefined;
}
