/** JSON merge patch (RFC 7386): null deletes, objects merge, everything else replaces. */
import { isJsonObject, type JsonObject } from "../schema/schema.ts";

/** Returns the patched value; changes neither argument. */
export function mergePatch(current: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return structuredClone(patch);
  const merged: JsonObject = isJsonObject(current) ? { ...current } : {};
  for (const [field, change] of Object.entries(patch)) {
    if (change === null) delete merged[field];
    else setField(merged, field, mergePatch(Object.hasOwn(merged, field) ? merged[field] : undefined, change));
  }
  return merged;
}

/** Also for a field named `__proto__`. */
export function setField(object: JsonObject, field: string, value: unknown): void {
  Object.defineProperty(object, field, { value, writable: true, enumerable: true, configurable: true });
}
