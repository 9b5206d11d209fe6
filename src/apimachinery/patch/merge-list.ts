/** Lists that merge: items are the same when their merge key (or, for plain values, the value) is. */
import { StatusError } from "../../base/errors.ts";
import { sameJson } from "../schema/same-json.ts";
import { isJsonObject, type JsonObject, ownProperty, type Schema } from "../schema/schema.ts";
import { dropDirectives } from "./drop-directives.ts";
import { mergeObject } from "./strategic-merge-patch.ts";

export function mergeList(schema: Schema | undefined, current: unknown[], patch: unknown[], field: string): unknown[] {
  const key = mergeKeyOf(schema);
  if (key === undefined) return [...current, ...patch.filter((item) => !includes(current, item))];
  const items = patch.map((item) => asObject(item, field));
  if (items.some((item) => item["$patch"] === "replace")) return items.filter(hasContent).map(dropDirectives);
  return items.reduce((merged, item) => mergeItem(schema?.items, merged, item, { key, field }), current);
}

interface MergedBy {
  key: string;
  field: string;
}

function mergeItem(schema: Schema | undefined, list: unknown[], item: JsonObject, { key, field }: MergedBy): unknown[] {
  const id = ownProperty(item, key);
  if (id === undefined)
    throw new StatusError("BadRequest", `an item of the list "${field}" does not contain declared merge key: ${key}`);
  if (item["$patch"] === "delete") return list.filter((other) => !sameJson(keyOf(other, key), id));
  const index = list.findIndex((other) => sameJson(keyOf(other, key), id));
  if (index < 0) return [...list, dropDirectives(item)];
  return list.with(index, mergeObject(schema, asObject(list[index], field), item));
}

export function removeFromList(list: unknown[], values: unknown[]): unknown[] {
  return list.filter((item) => !includes(values, item));
}

/**
 * Items named by `order` take that order; the others keep theirs, and stay before the ordered ones that they
 * preceded in the list as it was before the patch.
 */
export function orderList(schema: Schema | undefined, list: unknown[], before: unknown[], order: unknown[]): unknown[] {
  const key = mergeKeyOf(schema);
  const identify = (item: unknown) => (key === undefined ? item : keyOf(item, key));
  const position = (items: unknown[], item: unknown) =>
    items.findIndex((other) => sameJson(identify(other), identify(item)));
  const sortBy = (items: unknown[], by: unknown[]) => items.toSorted((a, b) => position(by, a) - position(by, b));
  const ordered = sortBy(
    list.filter((item) => position(order, item) >= 0),
    order,
  );
  const others = list.filter((item) => position(order, item) < 0);
  return interleave(others, ordered, (other, item) => {
    const [left, right] = [position(before, other), position(before, item)];
    return left >= 0 && right >= 0 && left < right;
  });
}

function interleave(left: unknown[], right: unknown[], leftFirst: (l: unknown, r: unknown) => boolean): unknown[] {
  const result: unknown[] = [];
  const [lefts, rights] = [[...left], [...right]];
  while (lefts.length > 0 && rights.length > 0) result.push((leftFirst(lefts[0], rights[0]) ? lefts : rights).shift());
  return [...result, ...lefts, ...rights];
}

/** Undefined for lists of plain values. */
function mergeKeyOf(schema: Schema | undefined): string | undefined {
  return schema?.["x-kubernetes-patch-merge-key"];
}

function keyOf(item: unknown, key: string): unknown {
  return isJsonObject(item) ? ownProperty(item, key) : undefined;
}

function includes(list: unknown[], value: unknown): boolean {
  return list.some((item) => sameJson(item, value));
}

function hasContent(item: JsonObject): boolean {
  return Object.keys(item).some((key) => key !== "$patch");
}

function asObject(item: unknown, field: string): JsonObject {
  if (isJsonObject(item)) return item;
  throw new StatusError("BadRequest", `cannot merge the list "${field}": its items must be objects`);
}
