/**
 * Which of three a field is, by trying it out:
 *
 *   consumed   every two accepted values make the product do something else
 *   refused    no value but the default is accepted, and a cause names the field
 *   ignored    values are accepted that change nothing
 *
 * Anything else is `unproven`: the values tried are not good enough to tell.
 */
import type { StatusCause } from "../../src/base/errors.ts";
import { type Grounds, placesOf } from "./place.ts";
import type { Field } from "./schema-fields.ts";
import { skeleton, type Value, valuesOf } from "./values.ts";

/** What becomes of a spec: what it makes the product do, as text, or why it is refused. */
export type Outcome = { does: string } | { causes: readonly StatusCause[] };

/** Field paths of causes are relative to the spec. */
export type Try = (spec: object) => Promise<Outcome>;

export interface Sorted {
  path: string;
  item: string | undefined;
  verdict: "consumed" | "refused" | "ignored" | "unproven";
  /** What was seen, for whoever has to mend it. */
  because: string;
  /** What a refusal names: the field, or what it is part of. */
  refusedAt?: string;
}

interface Tried {
  value: Value;
  outcome: Outcome;
}

export async function sortField(field: Field, grounds: Grounds, attempt: Try): Promise<Sorted[]> {
  const sorted: Sorted[] = [];
  for (const place of placesOf(field.path, grounds)) {
    const absent = await attempt(place.with(undefined));
    const tryAll = (values: readonly Value[]) =>
      Promise.all(values.map(async (value): Promise<Tried> => ({ value, outcome: await attempt(place.with(value)) })));
    const first = await tryAll(valuesOf(field.path, field.schema, grounds.values));
    const known = wordsIn(first, place.field);
    const tried = [...first, ...(await tryAll(known.filter((word) => !first.some(({ value }) => value === word))))];
    sorted.push({ path: field.path, item: place.item, ...judge(absent, tried, place) });
  }
  return sorted;
}

/** Undefined when an empty one asks for nothing: then only its fields count. */
export async function sortContainer(field: Field, grounds: Grounds, attempt: Try): Promise<Sorted | undefined> {
  const [place] = placesOf(field.path, grounds);
  if (place === undefined || place.isThere) return undefined;
  const value = skeleton(field.schema, field.path, grounds.values);
  const tried = [{ value, outcome: await attempt(place.with(value)) }];
  const judged = judge(await attempt(place.with(undefined)), tried, place);
  const counts = judged.verdict === "consumed" || judged.verdict === "refused";
  return counts ? { path: field.path, item: place.item, ...judged } : undefined;
}

/** The refusal of a word that is not known names those that are. */
function wordsIn(tried: readonly Tried[], field: string): string[] {
  const causes = tried.flatMap(({ outcome }) => ("causes" in outcome ? outcome.causes : []));
  const refusal = causes.find((cause) => cause.field === field && cause.reason === "FieldValueNotSupported");
  const list = refusal?.message.split("supported values: ")[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
}

/** Of a flag that may only be what it is anyway. */
function isFixed(refusals: readonly StatusCause[], field: string): boolean {
  return refusals.every((cause) => cause.field === field);
}

function judge(
  absent: Outcome,
  tried: readonly Tried[],
  place: { field: string; root: string },
): Omit<Sorted, "path" | "item"> {
  const accepted = tried.flatMap(({ value, outcome }) => ("does" in outcome ? [{ value, does: outcome.does }] : []));
  const refusals = tried.flatMap(({ outcome }) => ("causes" in outcome ? outcome.causes : []));
  const isRefused = refusals.some((cause) => namesIt(cause, place));
  if (accepted.length === 0) return isRefused ? refused(refusals, place) : unproven(refusals);
  const [only] = accepted;
  if (accepted.length === 1 && "does" in absent && absent.does === only?.does)
    return isRefused || (refusals.length > 0 && isFixed(refusals, place.field))
      ? refused(refusals, place)
      : ignored([only.value]);
  const twins = accepted.filter(({ does }) => accepted.filter((other) => other.does === does).length > 1);
  if (twins.length > 0) return ignored(twins.map(({ value }) => value));
  if (accepted.length === 1 && !("does" in absent)) {
    // Another value is refused as none is: what the accepted one says is heeded.
    if (tried.some(({ outcome }) => JSON.stringify(outcome) === JSON.stringify(absent))) return consumed(tried);
    return isRefused ? refused(refusals, place) : unproven(absent.causes);
  }
  return consumed(accepted);
}

function consumed(values: readonly unknown[]) {
  return { verdict: "consumed", because: `${values.length} values` } as const;
}

/** By its name or that of what it brings along; and as something that may not be, not as something written wrongly. */
function namesIt({ field = "", reason }: StatusCause, place: { field: string; root: string }): boolean {
  if (reason === "FieldValueNotSupported") return field === place.field;
  if (reason !== "FieldValueForbidden") return false;
  const isOnTheWay =
    place.field === field || place.field.startsWith(`${field}.`) || place.field.startsWith(`${field}[`);
  return isOnTheWay && field.length >= place.root.length;
}

function refused(causes: readonly StatusCause[], place: { field: string; root: string }) {
  const named = causes.filter((each) => namesIt(each, place));
  const cause = named.find(({ reason }) => reason === "FieldValueForbidden") ?? named[0] ?? causes[0];
  const refusedAt = cause?.field?.replaceAll(/\[\d+\]/g, "[]");
  return { verdict: "refused", because: cause?.message ?? "", ...(refusedAt && { refusedAt }) } as const;
}

function ignored(values: readonly Value[]) {
  return {
    verdict: "ignored",
    because: `nothing tells ${values.map((value) => JSON.stringify(value)).join(" from ")}`,
  } as const;
}

function unproven(causes: readonly StatusCause[]) {
  return {
    verdict: "unproven",
    because: causes.map(({ field, message }) => `${field}: ${message}`).join("; "),
  } as const;
}
