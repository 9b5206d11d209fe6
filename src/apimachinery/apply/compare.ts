/** How two versions of an object differ, field by field. */
import { sameJson } from "../schema/same-json.ts";
import type { Schema } from "../schema/schema.ts";
import { emptySet, type FieldSet, fieldSet, isEmptySet, leafSet } from "./field-set.ts";
import { type Part, partsOf } from "./parts.ts";

export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

const same: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

export function isNoChange({ added, modified, removed }: Comparison): boolean {
  return [added, modified, removed].every(isEmptySet);
}

/** An absent object (before a create) is `{}`. */
export function compareObjects(schema: Schema | undefined, before: unknown, after: unknown): Comparison {
  const [left, right] = [partsOf(schema, before), partsOf(schema, after)];
  if (left === undefined || right === undefined || Array.isArray(before) !== Array.isArray(after))
    return sameJson(before, after) ? same : { ...same, modified: leafSet };
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  const children = keys.map((key) => ({ key, ...compareParts(left.get(key), right.get(key)) }));
  const collect = (kind: keyof Comparison) =>
    fieldSet(
      false,
      children.map((child) => [child.key, child[kind]]),
    );
  return { added: collect("added"), modified: collect("modified"), removed: collect("removed") };
}

function compareParts(left: Part | undefined, right: Part | undefined): Comparison {
  if (left && right) return compareObjects(right.schema, left.value, right.value);
  if (right) return { ...same, added: everything(right) };
  return left ? { ...same, removed: everything(left) } : same;
}

/** The field and all its parts. */
function everything({ schema, value }: Part): FieldSet {
  const parts = partsOf(schema, value);
  return fieldSet(
    true,
    [...(parts ?? [])].map(([key, part]) => [key, everything(part)]),
  );
}
