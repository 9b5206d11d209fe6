/**
 * Strategic merge patch: a merge patch in which lists may merge item by item, as the schema says
 * (`x-kubernetes-patch-strategy`, `x-kubernetes-patch-merge-key`), with directives inside the patch:
 *
 *   $patch: replace | delete | merge     what to do with the object (or list) that holds it
 *   $retainKeys: [a, b]                  drop every other key of the current object
 *   $deleteFromPrimitiveList/F: [x]      remove x from the list F
 *   $setElementOrder/F: [...]            the order that the items of the merged list F get
 */
import { StatusError } from "../../base/errors.ts";
import { fieldSchema, isJsonObject, type JsonObject, type Schema } from "../schema/schema.ts";
import { dropDirectives } from "./drop-directives.ts";
import { mergeList, orderList, removeFromList } from "./merge-list.ts";
import { setField } from "./merge-patch.ts";

const deletePrefix = "$deleteFromPrimitiveList/";
const orderPrefix = "$setElementOrder/";

/** Returns the patched object; changes neither argument. @throws StatusError BadRequest, Invalid */
export function strategicMergePatch(schema: Schema | undefined, current: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw new StatusError("BadRequest", "a strategic merge patch must be a JSON object");
  return mergeObject(schema, isJsonObject(current) ? current : {}, patch);
}

export function mergeObject(schema: Schema | undefined, current: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch["$patch"];
  if (directive === "delete") return {};
  if (directive === "replace") return dropDirectives(patch) as JsonObject;
  if (directive !== undefined && directive !== "merge") throw badDirective(directive);
  const merged = retainKeys(current, patch);
  for (const [key, change] of Object.entries(patch)) mergeKey(schema, merged, key, change);
  reorder(schema, current, merged, patch);
  return merged;
}

function mergeKey(schema: Schema | undefined, merged: JsonObject, key: string, change: unknown): void {
  if (key.startsWith(deletePrefix)) {
    const field = key.slice(deletePrefix.length);
    if (Array.isArray(merged[field])) merged[field] = removeFromList(merged[field], asList(change, key));
  } else if (!key.startsWith("$")) {
    mergeField(schema, merged, key, change);
  }
}

function mergeField(schema: Schema | undefined, merged: JsonObject, field: string, change: unknown): void {
  const current = Object.hasOwn(merged, field) ? merged[field] : undefined;
  const child = fieldSchema(schema, field);
  const strategies = child?.["x-kubernetes-patch-strategy"]?.split(",") ?? [];
  if (change === null) delete merged[field];
  else if (isJsonObject(current) && isJsonObject(change) && !strategies.includes("replace"))
    setField(merged, field, mergeObject(child, current, change));
  else if (Array.isArray(current) && Array.isArray(change) && strategies.includes("merge"))
    merged[field] = mergeList(child, current, change, field);
  else setField(merged, field, dropDirectives(change));
}

function retainKeys(current: JsonObject, patch: JsonObject): JsonObject {
  const retained = patch["$retainKeys"];
  if (retained === undefined) return { ...current };
  const keep = new Set(asList(retained, "$retainKeys"));
  for (const key of Object.keys(patch)) {
    if (!key.startsWith("$") && patch[key] !== null && !keep.has(key))
      throw new StatusError("Invalid", `$retainKeys does not name the field "${key}", which the patch sets`);
  }
  return Object.fromEntries(Object.entries(current).filter(([key]) => keep.has(key)));
}

function reorder(schema: Schema | undefined, current: JsonObject, merged: JsonObject, patch: JsonObject): void {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const field = key.slice(orderPrefix.length);
    const list = merged[field];
    if (!Array.isArray(list)) continue;
    const before = Array.isArray(current[field]) ? current[field] : [];
    merged[field] = orderList(fieldSchema(schema, field), list, before, asList(order, key));
  }
}

function asList(value: unknown, directive: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new StatusError("BadRequest", `invalid patch format: ${directive} must be a list`);
}

function badDirective(directive: unknown): StatusError {
  return new StatusError("BadRequest", `unknown value for $patch: ${JSON.stringify(directive)}`);
}
