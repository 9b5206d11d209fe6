/** Lays what is applied over what is there: fields and items are merged, values in one piece are replaced. */
import { setField } from "../patch/merge-patch.ts";
import type { JsonObject, Schema } from "../schema/schema.ts";
import { type Parts, partsOf } from "./parts.ts";

/** Changes neither argument. */
export function mergeValues(schema: Schema | undefined, live: unknown, applied: unknown): unknown {
  const [left, right] = [partsOf(schema, live), partsOf(schema, applied)];
  if (left === undefined || right === undefined || Array.isArray(live) !== Array.isArray(applied)) return applied;
  return Array.isArray(applied) ? mergeItems(left, right) : mergeFields(left, right);
}

function mergeFields(live: Parts, applied: Parts): JsonObject {
  const merged: JsonObject = {};
  for (const key of new Set([...live.keys(), ...applied.keys()]))
    setField(merged, key.slice(2), mergePart(live, applied, key));
  return merged;
}

/** The applied items in the order in which they are applied; others stay before those that they preceded. */
function mergeItems(live: Parts, applied: Parts): unknown[] {
  const positions = new Map([...live.keys()].map((key, index) => [key, index]));
  const position = (key: string) => positions.get(key) ?? -1;
  const others = [...live.keys()].filter((key) => !applied.has(key));
  const order = [...applied.keys()].flatMap((key) => {
    const preceding = others.filter((other) => position(other) < position(key)).length;
    return [...others.splice(0, preceding), key];
  });
  return [...order, ...others].map((key) => mergePart(live, applied, key));
}

function mergePart(live: Parts, applied: Parts, key: string): unknown {
  const [left, right] = [live.get(key), applied.get(key)];
  return left && right ? mergeValues(right.schema, left.value, right.value) : (right ?? left)?.value;
}
