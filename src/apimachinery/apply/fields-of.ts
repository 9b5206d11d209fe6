/** The fields that an object sets: what an applier owns. */
import { isJsonObject, type Schema } from "../schema/schema.ts";
import { type FieldSet, fieldSet, leafSet } from "./field-set.ts";
import { isNamedField, partsOf } from "./parts.ts";

export function fieldsOf(schema: Schema | undefined, value: unknown): FieldSet {
  const parts = partsOf(schema, value);
  if (parts === undefined) return leafSet;
  const children = [...parts].map(([key, part]): [string, FieldSet] => {
    const child = fieldsOf(part.schema, part.value);
    return [key, isOwnedItself(schema, key, part.value) ? { ...child, self: true } : child];
  });
  return fieldSet(false, children);
}

/** Items of lists and keys of maps exist because somebody set them; fields of a type exist by themselves. */
function isOwnedItself(schema: Schema | undefined, key: string, value: unknown): boolean {
  return !isNamedField(schema, key) || value === null || (isJsonObject(value) && Object.keys(value).length === 0);
}
