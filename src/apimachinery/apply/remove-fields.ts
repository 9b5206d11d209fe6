/** Removes what a manager applied before and does not apply any more, unless somebody else owns it. */
import { setField } from "../patch/merge-patch.ts";
import { isJsonObject, type JsonObject, type Schema } from "../schema/schema.ts";
import { emptySet, type FieldSet, isEmptySet } from "./field-set.ts";
import { isNamedField, type Part, partsOf } from "./parts.ts";

export interface Ownership {
  /** What the manager owned before. */
  last: FieldSet;
  /** What anybody owns now, the manager included. */
  owned: FieldSet;
}

/** Changes nothing in place. */
export function removeFields(schema: Schema | undefined, value: unknown, ownership: Ownership): unknown {
  const parts = partsOf(schema, value);
  if (parts === undefined || isEmptySet(ownership.last)) return value;
  const kept = [...parts].flatMap(([key, part]) => keepPart(schema, key, part, ownership));
  if (!isJsonObject(value)) return kept.map(([, child]) => child);
  const object: JsonObject = {};
  for (const [key, child] of kept) setField(object, key.slice(2), child);
  return object;
}

function keepPart(
  schema: Schema | undefined,
  key: string,
  part: Part,
  { last, owned }: Ownership,
): [key: string, value: unknown][] {
  const before = last.children.get(key) ?? emptySet;
  const now = owned.children.get(key) ?? emptySet;
  const wasOwned = before.self || (isNamedField(schema, key) && !isEmptySet(before));
  if (wasOwned && isEmptySet(now)) return [];
  return [[key, removeFields(part.schema, part.value, { last: before, owned: now })]];
}
