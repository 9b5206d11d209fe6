/** Turns definitions that refer to each other by name into one graph. See `Schema`. */
import { InvariantError } from "../../base/errors.ts";
import { type Definitions, refPrefix, type Schema } from "./schema.ts";

/** Copies and links; the given definitions stay as they are. */
export function linkDefinitions(definitions: Definitions): Definitions {
  const linked = structuredClone(definitions);
  for (const schema of Object.values(linked)) linkChildren(schema, linked);
  return linked;
}

function linkChildren(schema: Schema, linked: Definitions): void {
  const link = (child: Schema) => linkNode(child, linked);
  if (schema.properties) mapValues(schema.properties, link);
  if (schema.items) schema.items = link(schema.items);
  if (typeof schema.additionalProperties === "object") schema.additionalProperties = link(schema.additionalProperties);
  for (const key of ["allOf", "anyOf", "oneOf"] as const) {
    const list = schema[key];
    if (list) schema[key] = list.map(link);
  }
  if (schema.not) schema.not = link(schema.not);
}

function linkNode(node: Schema, linked: Definitions): Schema {
  const ref = node.$ref ?? soleReference(node);
  if (ref === undefined) {
    linkChildren(node, linked);
    return node;
  }
  const target = linked[ref.slice(refPrefix.length)];
  if (target === undefined) throw new InvariantError(`schema refers to ${ref}, which is not defined`);
  return withOwnKeywords(node, target);
}

/** `{allOf: [{$ref}], default, description}` is how OpenAPI v3 puts keywords beside a reference. */
function soleReference(node: Schema): string | undefined {
  return node.allOf?.length === 1 && node.properties === undefined ? node.allOf[0]?.$ref : undefined;
}

/** The target itself, or a view of it that adds what the reference says besides (patch strategy, default ...). */
function withOwnKeywords(node: Schema, target: Schema): Schema {
  const { $ref: _ref, allOf: _allOf, description: _description, ...own } = node;
  return Object.keys(own).length === 0 ? target : deferredView(target, own);
}

/** `target` may be linked only later, so its keywords are looked up when they are read. */
function deferredView(target: Schema, own: Schema): Schema {
  return Object.assign(Object.create(target) as Schema, own);
}

function mapValues<T>(record: Record<string, T>, change: (value: T) => T): void {
  for (const [key, value] of Object.entries(record)) record[key] = change(value);
}
