/**
 * Which parts of a value can be owned separately: the fields of objects, the items of keyed lists and of sets.
 * Everything else (plain values, other lists, whatever is marked atomic) is one piece.
 */
import { canonicalJson } from "../schema/same-json.ts";
import { fieldSchema, isJsonObject, listMapKeys, ownProperty, type Schema } from "../schema/schema.ts";
import { keyFields } from "../schema/validate-list.ts";

export interface Part {
  value: unknown;
  schema: Schema | undefined;
}

/** By key of `FieldSet`, in the order of the value; undefined for a value in one piece. */
export type Parts = Map<string, Part>;

export function partsOf(schema: Schema | undefined, value: unknown): Parts | undefined {
  if (Array.isArray(value)) return isSeparableList(schema) ? itemParts(schema, value) : undefined;
  return isJsonObject(value) && !isAtomicMap(schema) ? fieldParts(schema, value) : undefined;
}

function fieldParts(schema: Schema | undefined, object: Record<string, unknown>): Parts {
  const entries = Object.entries(object).map(([field, value]): [string, Part] => [
    `f:${field}`,
    { value, schema: fieldSchema(schema, field) },
  ]);
  return new Map(entries);
}

/** Of items that repeat, which validation refuses, the last one counts. */
function itemParts(schema: Schema, list: readonly unknown[]): Parts {
  const keys = listMapKeys(schema);
  const keyOf = (item: unknown) =>
    keys === undefined ? `v:${canonicalJson(item)}` : `k:${canonicalJson(keyFields(schema, item, keys))}`;
  return new Map(list.map((value): [string, Part] => [keyOf(value), { value, schema: schema.items }]));
}

function isSeparableList(schema: Schema | undefined): schema is Schema {
  const type = schema?.["x-kubernetes-list-type"];
  return type === "map" || type === "set";
}

function isAtomicMap(schema: Schema | undefined): boolean {
  return schema?.["x-kubernetes-map-type"] === "atomic";
}

/** Named by the schema, not a key of a map or an item of a list. */
export function isNamedField(schema: Schema | undefined, key: string): boolean {
  return key.startsWith("f:") && ownProperty(schema?.properties, key.slice(2)) !== undefined;
}

/** `.spec.containers[name="web"].image`, as Kubernetes prints the path of a conflict. */
export function formatPath(path: readonly string[]): string {
  return path.map(formatKey).join("");
}

function formatKey(key: string): string {
  const text = key.slice(2);
  if (key.startsWith("f:")) return `.${text}`;
  if (key.startsWith("v:")) return `[=${text}]`;
  const fields = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return `[${fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}
