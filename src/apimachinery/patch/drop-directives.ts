import { isJsonObject, type JsonObject } from "../schema/schema.ts";
import { setField } from "./merge-patch.ts";

/**
 * What a patch means where there is nothing to patch: the value itself, without directives, without nulls
 * (which only delete) and without the list items that only delete.
 */
export function dropDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !onlyDirective(item)).map(dropDirectives);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    if (!isDirective(key) && child !== null) setField(result, key, dropDirectives(child));
  }
  return result;
}

function isDirective(key: string): boolean {
  return (
    key === "$patch" ||
    key === "$retainKeys" ||
    key.startsWith("$setElementOrder/") ||
    key.startsWith("$deleteFromPrimitiveList/")
  );
}

function onlyDirective(item: unknown): boolean {
  if (!isJsonObject(item)) return false;
  return item["$patch"] === "delete" || (item["$patch"] === "replace" && Object.keys(item).length === 1);
}
