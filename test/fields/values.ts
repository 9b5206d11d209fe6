/**
 * Values to try a field with: at least two that differ from each other, so that one that is read but not heeded shows. Of a kind's words
 * nothing is listed here; the refusal of a wrong one says which are right.
 */
import type { JSONSchemaProps } from "../../api/apiextensions.ts";
import { itemsOf, join } from "./schema-fields.ts";

export type Value = unknown;

/** Where the type alone is not enough. The first that matches counts. */
export type ValueTable = readonly (readonly [path: RegExp, values: readonly Value[]])[];

export function valuesOf(path: string, schema: JSONSchemaProps, table: ValueTable): readonly Value[] {
  const special = table.find(([pattern]) => pattern.test(path));
  return special?.[1] ?? typical(schema, path, table);
}

function typical(schema: JSONSchemaProps, path: string, table: ValueTable): readonly Value[] {
  if (schema["x-kubernetes-int-or-string"] === true) return ["64Mi", "96Mi"];
  const items = itemsOf(schema);
  switch (schema.type) {
    case "boolean":
      return [true, false];
    case "integer":
    case "number":
      return [3, 4];
    case "array":
      return items === undefined ? [] : valuesOf(`${path}[]`, items, table).map((value) => [value]);
    case "object":
      return mapValues(schema, path, table);
    default:
      return ["sample-one", "sample-two"];
  }
}

function mapValues({ additionalProperties }: JSONSchemaProps, path: string, table: ValueTable): readonly Value[] {
  if (typeof additionalProperties !== "object") return [{}];
  return valuesOf(`${path}{}`, additionalProperties, table).map((value) => ({ one: value }));
}

/** The least that the schema takes for such an object: what it requires, but for the field `without`. */
export function skeleton(schema: JSONSchemaProps, path: string, table: ValueTable): Record<string, Value> {
  return Object.fromEntries((schema.required ?? []).map((name) => [name, filler(schema, name, path, table)]));
}

function filler(parent: JSONSchemaProps, name: string, path: string, table: ValueTable): Value {
  const child = parent.properties?.[name] ?? {};
  const at = join(path, name);
  const hasFields = Object.keys(child.properties ?? {}).length > 0;
  if (hasFields) return skeleton(child, at, table);
  const items = itemsOf(child);
  if (items?.properties !== undefined) return [skeleton(items, `${at}[]`, table)];
  return valuesOf(at, child, table)[0];
}
