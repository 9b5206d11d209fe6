/** `FieldSet` as `metadata.managedFields[].fieldsV1` writes it: `{"f:spec":{"f:replicas":{},"f:template":{".":{}, ...}}}` */
import { isJsonObject, type JsonObject } from "../schema/schema.ts";
import { emptySet, type FieldSet, fieldSet, leafSet } from "./field-set.ts";

export function toFieldsV1(set: FieldSet): JsonObject {
  const children = [...set.children].sort(([left], [right]) => (left < right ? -1 : 1));
  const fields = children.map(([key, child]): [string, JsonObject] => [key, childFields(child)]);
  return Object.fromEntries(fields);
}

/** `.` stands for the field itself, and is left out when there is nothing else. */
function childFields(child: FieldSet): JsonObject {
  return child.self && child.children.size > 0 ? { ".": {}, ...toFieldsV1(child) } : toFieldsV1(child);
}

/** What is not in the notation is passed over: nobody can own it. */
export function fromFieldsV1(fields: unknown): FieldSet {
  if (!isJsonObject(fields)) return emptySet;
  const children = Object.entries(fields).filter(([key]) => /^[fkv]:/.test(key));
  return fieldSet(
    Object.hasOwn(fields, "."),
    children.map(([key, child]) => [key, isLeaf(child) ? leafSet : fromFieldsV1(child)]),
  );
}

function isLeaf(fields: unknown): boolean {
  return !isJsonObject(fields) || Object.keys(fields).length === 0;
}
