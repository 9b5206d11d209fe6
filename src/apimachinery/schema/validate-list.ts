/** Sizes of lists, and the promise of `x-kubernetes-list-type` that items do not repeat. */
import type { StatusCause } from "../../base/errors.ts";
import { duplicate, invalid, tooMany } from "./cause.ts";
import { canonicalJson } from "./same-json.ts";
import { isJsonObject, type JsonObject, listMapKeys, ownProperty, type Schema } from "./schema.ts";
import type { ValidateOptions } from "./validate.ts";

export function validateList(schema: Schema, list: unknown[], options: ValidateOptions, path: string): StatusCause[] {
  return [...validateSize(schema, list, path), ...validateDuplicates(schema, list, options, path)];
}

function validateSize(schema: Schema, list: unknown[], path: string): StatusCause[] {
  const { minItems, maxItems, uniqueItems } = schema;
  const causes: StatusCause[] = [];
  if (minItems !== undefined && list.length < minItems)
    causes.push(invalid(path, list.length, `${path} in body should have at least ${minItems} items`));
  if (maxItems !== undefined && list.length > maxItems) causes.push(tooMany(path, list.length, maxItems));
  if (uniqueItems === true && new Set(list.map(canonicalJson)).size < list.length)
    causes.push(invalid(path, list, `${path} in body shouldn't contain duplicates`));
  return causes;
}

function validateDuplicates(schema: Schema, list: unknown[], options: ValidateOptions, path: string): StatusCause[] {
  const identify = options.builtin === true ? undefined : identity(schema);
  if (identify === undefined) return [];
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const key = identify(item);
    const text = canonicalJson(key);
    if (seen.has(text)) return [duplicate(`${path}[${index}]`, key)];
    seen.add(text);
    return [];
  });
}

/** What tells one item of such a list from another; undefined for other lists. */
function identity(schema: Schema): ((item: unknown) => unknown) | undefined {
  if (schema["x-kubernetes-list-type"] === "set") return (item) => item;
  const keys = listMapKeys(schema);
  return keys && ((item) => keyFields(schema, item, keys));
}

/** Key fields with their defaults. */
export function keyFields(schema: Schema, item: unknown, keys: readonly string[]): JsonObject {
  const fields: JsonObject = {};
  for (const key of keys) {
    const value = isJsonObject(item) ? ownProperty(item, key) : undefined;
    const effective = value ?? schema.items?.properties?.[key]?.default;
    if (effective !== undefined) fields[key] = effective;
  }
  return fields;
}
