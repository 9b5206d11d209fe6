/** Every field of a kind, sorted; and what is wrong with how they are sorted. */
import type { Inert } from "./inert.ts";
import { sortContainer, sortField, type Sorted } from "./sort-field.ts";
import type { Subject } from "./subject.ts";

export interface SortedField {
  path: string;
  verdict: "consumed" | "refused" | "inert" | "ignored" | "unproven";
  /** Of a refusal what it says, of an inert field why; else what was seen. */
  because: string;
  /** What a refusal names: the field, or what it is part of. */
  refusedAt?: string;
}

export interface SortedKind {
  kind: string;
  fields: readonly SortedField[];
  /** Entries of the list of inert fields that are about one. */
  inert: readonly Inert[];
  /** And those that are about none. */
  stale: readonly Inert[];
}

export async function sortFields(subject: Subject): Promise<SortedKind> {
  const used = new Set<Inert>();
  const fields: SortedField[] = [];
  for (const field of subject.fields) {
    const container = field.isContainer ? await sortContainer(field, subject.grounds, subject.attempt) : undefined;
    const sorted = field.isContainer
      ? container
        ? [container]
        : []
      : await sortField(field, subject.grounds, subject.attempt);
    if (sorted.length > 0) fields.push(overall(field.path, sorted, subject.inert, used));
  }
  return { kind: subject.kind, fields, inert: [...used], stale: subject.inert.filter((entry) => !used.has(entry)) };
}

/** One place where nothing tells whether it is heeded makes it so; one where it cannot be tried does not, if another one can. */
function overall(path: string, sorted: readonly Sorted[], inert: readonly Inert[], used: Set<Inert>): SortedField {
  const entryOf = ({ item }: Sorted): Inert | undefined =>
    inert.find((entry) => isAbout(entry, path) && (entry.items?.includes(item ?? "") ?? true));
  for (const each of sorted) {
    const entry = each.verdict === "ignored" ? entryOf(each) : undefined;
    if (entry) used.add(entry);
  }
  const ignored = sorted.find((each) => each.verdict === "ignored" && entryOf(each) === undefined);
  if (ignored) return { path, verdict: "ignored", because: `${ignored.because} (${ignored.item ?? "there"})` };
  const order = ["consumed", "refused", "ignored", "unproven"] as const;
  const found = order
    .map((verdict) => sorted.find((each) => each.verdict === verdict))
    .find((each) => each !== undefined);
  if (found === undefined) throw new RangeError(`${path} was not tried`);
  if (found.verdict !== "ignored") {
    const { verdict, because, refusedAt } = found;
    return { path, verdict, because, ...(refusedAt && { refusedAt }) };
  }
  return { path, verdict: "inert", because: entryOf(found)?.reason ?? "" };
}

function isAbout(entry: Inert, path: string): boolean {
  return path === entry.path || path.startsWith(`${entry.path}.`);
}
