/** Puts a value at a field's path into a manifest, in each of the places there that the path may mean. */
import type { JSONSchemaProps } from "../../api/apiextensions.ts";
import { itemsOf, join } from "./schema-fields.ts";
import { skeleton, type Value, type ValueTable } from "./values.ts";

type Json = Record<string, Value>;

/** Fields of one object of which it has one at a time: `[]` and names as in a field's path. */
export type Alternatives = readonly (readonly [parent: RegExp, names: readonly string[]])[];

export interface Grounds {
  /** A valid manifest's spec. */
  spec: Json;
  schema: JSONSchemaProps;
  values: ValueTable;
  alternatives: Alternatives;
  along: Along;
}

/** What a field needs beside it to be valid, or to matter. `value` is undefined where it is left out. */
export type Along = readonly (readonly [path: RegExp, change: (spec: never, value: Value, field: string) => void])[];

export interface Place {
  /** As causes name it: `domain.devices.disks[2].cache`. */
  field: string;
  /** The item of the list that it is in, by its name. */
  item: string | undefined;
  /** The manifest has it already. */
  isThere: boolean;
  /** The part that is not there without the field; a refusal of it is one of the field. */
  root: string;
  /** The manifest with the value; without the field when it is undefined. */
  with(value: Value): Json;
}

export function placesOf(path: string, grounds: Grounds): Place[] {
  const segments = path.split(".");
  return indexesOf(segments, grounds).map((index) => {
    const walk = (value: Value) => put(segments, value, index, grounds);
    const { field, root, item, isThere } = walk(undefined);
    return { field, root, item, isThere, with: (value) => walk(value).spec };
  });
}

/** Of the outermost list on the way: those of its items that are of the path's kind already, else all; else one that is made. */
function indexesOf(segments: readonly string[], { spec, alternatives }: Grounds): number[] {
  const at = segments.findIndex((segment) => segment.endsWith("[]"));
  const list = at < 0 ? undefined : segments.slice(0, at + 1).reduce<Value>((value, name) => child(value, name), spec);
  if (!Array.isArray(list) || list.length === 0) return [0];
  const next = segments[at + 1] ?? "";
  const isChoice = alternativesAt(segments.slice(0, at + 1).join("."), alternatives).includes(next);
  if (!isChoice) return list.map((_, index) => index);
  const same = list.flatMap((item, index) => (child(item, next) === undefined ? [] : [index]));
  return same.length > 0 ? same : [0];
}

function child(value: Value, segment: string): Value {
  return (value as Json | undefined)?.[segment.replace("[]", "")];
}

function alternativesAt(parent: string, alternatives: Alternatives): readonly string[] {
  return alternatives.flatMap(([pattern, names]) => (pattern.test(parent) ? names : []));
}

interface Put {
  spec: Json;
  field: string;
  root: string;
  item: string | undefined;
  isThere: boolean;
}

function put(segments: readonly string[], value: Value, index: number, grounds: Grounds): Put {
  const spec = structuredClone(grounds.spec);
  const result: Put = { spec, field: "", root: "", item: undefined, isThere: false };
  let [here, schema, path] = [spec, grounds.schema, ""];
  for (const [depth, segment] of segments.entries()) {
    const name = segment.replace("[]", "");
    dropAlternatives(here, name, path, grounds);
    schema = schema.properties?.[name] ?? {};
    const isNew = here[name] === undefined;
    path = join(path, segment);
    result.field = join(result.field, name);
    if (isNew && result.root === "") result.root = result.field;
    if (depth === segments.length - 1) {
      result.isThere = !isNew;
      if (value === undefined) delete here[name];
      else here[name] = value;
      break;
    }
    const isList = segment.endsWith("[]");
    if (isList) schema = itemsOf(schema) ?? {};
    here[name] ??= isList ? [skeleton(schema, path, grounds.values)] : skeleton(schema, path, grounds.values);
    const position = result.item === undefined && isList ? Math.min(index, (here[name] as Value[]).length - 1) : 0;
    here = (isList ? (here[name] as Json[])[position] : here[name]) as Json;
    if (isList) result.field += `[${position}]`;
    if (isList) result.item ??= typeof here["name"] === "string" ? here["name"] : String(position);
  }
  result.root ||= result.field;
  for (const [pattern, change] of grounds.along) {
    if (pattern.test(segments.join("."))) change(spec as never, value, result.field);
  }
  return result;
}

function dropAlternatives(here: Json, name: string, path: string, { alternatives }: Grounds): void {
  const names = alternativesAt(path, alternatives);
  if (!names.includes(name)) return;
  for (const other of names) if (other !== name) delete here[other];
}
