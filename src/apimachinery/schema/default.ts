/** Fills in the defaults that a schema declares, parents before children, as the Kubernetes API server does. */
import { fieldSchema, isJsonObject, type JsonObject, type Schema } from "./schema.ts";

/** Changes `value` in place. */
export function defaultObject(schema: Schema, value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) if (schema.items) defaultObject(schema.items, item);
  } else if (isJsonObject(value)) {
    addMissingFields(schema, value);
    for (const [field, child] of Object.entries(value)) {
      const childSchema = fieldSchema(schema, field);
      if (childSchema) defaultObject(childSchema, child);
    }
  }
}

function addMissingFields(schema: Schema, object: JsonObject): void {
  for (const [field, child] of Object.entries(schema.properties ?? {})) {
    if (child.default === undefined) continue;
    const missing = !Object.hasOwn(object, field) || (object[field] === null && child.nullable !== true);
    if (missing) object[field] = structuredClone(child.default);
  }
}
