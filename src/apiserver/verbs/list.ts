/**
 * LIST. The first page comes from the cache at its current revision; with `continue` the following
 * pages are read from the store as of that same revision, until it is compacted away (410 Expired).
 */
import type { ListMeta } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";
import { answerJson, answerText, warn } from "../../http/answer.ts";
import { CompactedError } from "../../store/store.ts";
import { groupVersion } from "../registry/kind.ts";
import { type Entry, entryOf } from "../storage/entry.ts";
import { prefixOf } from "../storage/keys.ts";
import { partialOf, tableOf } from "../table/table.ts";
import type { Call } from "./call.ts";
import { type ContinueToken, decodeContinue, encodeContinue } from "./continue.ts";
import { readRevision } from "./revision.ts";
import { type Selects, selectorOf } from "./selector.ts";
import { servedJson, servedObject } from "./served.ts";
import { includeObjectOf, viewOf } from "./show.ts";

interface Page {
  entries: Entry[];
  revision: number;
  /** Key of the last entry when more follow. */
  last?: string;
  remaining?: number;
}

export async function listObjects(call: Call): Promise<void> {
  const selects = selectorOf(call.kind, call.query, call.path);
  const token = call.query.get("continue");
  const limit = Number(call.query.get("limit") ?? 0);
  const page = token
    ? await nextPage(call, decodeContinue(token), limit, selects)
    : await firstPage(call, limit, selects);
  showList(call, page);
}

async function firstPage(call: Call, limit: number, selects: Selects | undefined): Promise<Page> {
  const exact = await readRevision(call);
  if (exact !== undefined) return nextPage(call, { revision: exact, after: "" }, limit, selects);
  const { cache } = call.api.objects;
  const all = cache.list(prefixOf(call.kind, call.path.namespace));
  const entries = selects ? all.filter((entry) => selects(entry.object)) : all;
  if (limit <= 0 || entries.length <= limit) return { entries, revision: cache.revision };
  const shown = entries.slice(0, limit);
  const page = { entries: shown, revision: cache.revision, last: shown.at(-1)?.key ?? "" };
  return selects ? page : { ...page, remaining: entries.length - limit };
}

async function nextPage(call: Call, token: ContinueToken, limit: number, selects?: Selects): Promise<Page> {
  const prefix = prefixOf(call.kind, call.path.namespace);
  const after = token.after === "" ? {} : { after: token.after };
  // With a selector the number of stored objects to read for a page is not known beforehand.
  const bound = limit > 0 && !selects ? { limit } : {};
  const { items, remaining } = await readAt(call, prefix, { revision: token.revision, ...after, ...bound });
  const found = items.map((item) => entryOf(item.key, item.value, item.revision));
  const entries = selects ? found.filter((entry) => selects(entry.object)) : found;
  if (limit > 0 && entries.length > limit) {
    const shown = entries.slice(0, limit);
    return { entries: shown, revision: token.revision, last: shown.at(-1)?.key ?? "" };
  }
  const more = remaining > 0 ? { last: items.at(-1)?.key ?? "", remaining } : {};
  return { entries, revision: token.revision, ...more };
}

async function readAt(call: Call, prefix: string, options: { revision: number; after?: string; limit?: number }) {
  try {
    return await call.api.objects.store.list(prefix, options);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    throw new StatusError(
      "Expired",
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    );
  }
}

function showList(call: Call, page: Page): void {
  const { view, version } = viewOf(call);
  const meta = listMeta(page);
  warn(call.response, call.warnings);
  if (view === "object") return answerText(call.response, 200, listText(call, page, meta), "application/json");
  const objects = page.entries.map((entry) => servedObject(call.kind, entry));
  if (view === "table")
    return answerJson(
      call.response,
      200,
      tableOf(call.kind.columns, objects, meta, { version, includeObject: includeObjectOf(call), header: true }),
    );
  const items = objects.map((object) => partialOf(object, version));
  const apiVersion = `meta.k8s.io/${version}`;
  answerJson(call.response, 200, { kind: "PartialObjectMetadataList", apiVersion, metadata: meta, items });
}

function listMeta(page: Page): ListMeta {
  return {
    resourceVersion: `${page.revision}`,
    ...(page.last !== undefined && { continue: encodeContinue({ revision: page.revision, after: page.last }) }),
    ...(page.remaining !== undefined && { remainingItemCount: page.remaining }),
  };
}

/** The list as text, made of the items' own cached texts. */
function listText(call: Call, page: Page, meta: ListMeta): string {
  const apiVersion = groupVersion(call.kind);
  const items = page.entries.map((entry) => servedJson(call.kind, entry)).join(",");
  return `{"kind":"${call.kind.listKind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(meta)},"items":[${items}]}`;
}
