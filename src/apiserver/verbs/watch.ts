/**
 * WATCH: a stream of events, one JSON object a line.
 *
 *   resourceVersion "" or "0"  synthetic ADDED for all that exists, then what happens from there
 *   resourceVersion N          what happened after N: from the cache's ring, or from the store's history when the ring
 *                              is too short, or an ERROR event 410 when it is compacted away
 *   sendInitialEvents=true     as the first, ended by a BOOKMARK marked k8s.io/initial-events-end
 *
 * With a selector an object that begins or ceases to match is ADDED or DELETED for this client.
 */
import { StatusError } from "../../base/errors.ts";
import { statusErrorOf } from "../../http/answer.ts";
import { CompactedError } from "../../store/store.ts";
import { groupVersion } from "../registry/kind.ts";
import { type CacheEvent, cacheEventOf } from "../storage/cache.ts";
import type { Entry } from "../storage/entry.ts";
import { bucketOf, prefixOf } from "../storage/keys.ts";
import type { Call } from "./call.ts";
import { parseRevision } from "./revision.ts";
import { type Selects, selectorOf } from "./selector.ts";
import { viewOf } from "./show.ts";
import { printerOf } from "./watch-printer.ts";
import { createWatchStream, type WatchStream } from "./watch-stream.ts";

const bookmarkIntervalMs = 50_000;
const defaultTimeoutSeconds = 1800;

export async function watchObjects(call: Call): Promise<void> {
  const selects = selectorOf(call.kind, call.query, call.path);
  viewOf(call);
  const start = await startRevision(call);
  const stream = createWatchStream(call.response, watchTimeoutMs(call), call.api.stopping);
  const watch = new Watch(call, stream, selects);
  try {
    await watch.run(start);
  } catch (error) {
    stream.fail(statusErrorOf(error));
  }
  await stream.ended;
}

/** Where to start; undefined means with everything there is. */
async function startRevision(call: Call): Promise<number | undefined> {
  const asked = call.query.get("resourceVersion") ?? "";
  const { cache } = call.api.objects;
  await cache.fresh();
  if (asked === "" || asked === "0" || call.query.get("sendInitialEvents") === "true") return undefined;
  const revision = parseRevision(asked);
  if (revision <= cache.revision) return revision;
  // A client may hold a revision of a store that was since replaced: it must list again.
  throw new StatusError("Expired", `too large resource version: ${revision} (current: ${cache.revision})`);
}

function watchTimeoutMs(call: Call): number {
  const asked = Number(call.query.get("timeoutSeconds") ?? 0);
  return (asked > 0 ? asked : defaultTimeoutSeconds * (1 + Math.random())) * 1000;
}

class Watch {
  readonly #call: Call;
  readonly #stream: WatchStream;
  readonly #selects: Selects | undefined;
  readonly #prefix: string;
  readonly #printer: ReturnType<typeof printerOf>;

  constructor(call: Call, stream: WatchStream, selects: Selects | undefined) {
    this.#call = call;
    this.#stream = stream;
    this.#selects = selects;
    this.#prefix = prefixOf(call.kind, call.path.namespace);
    this.#printer = printerOf(call);
  }

  async run(start: number | undefined): Promise<void> {
    const { cache } = this.#call.api.objects;
    const from = start ?? cache.revision;
    if (start === undefined) this.#sendAll();
    const caughtUp = from < cache.oldest(bucketOf(this.#call.kind)) ? await this.#sendHistory(from) : from;
    const unsubscribe = cache.subscribe(bucketOf(this.#call.kind), caughtUp, (event) => this.#send(event));
    if (!unsubscribe) throw new StatusError("Expired", `too old resource version: ${from}`);
    void this.#stream.ended.then(unsubscribe);
    if (this.#call.query.get("allowWatchBookmarks") === "true") this.#sendBookmarks();
  }

  #sendAll(): void {
    const { cache } = this.#call.api.objects;
    const wanted = this.#call.query.get("sendInitialEvents") !== "false";
    for (const entry of wanted ? cache.list(this.#prefix) : [])
      if (this.#matches(entry)) this.#stream.write(this.#printer.line("ADDED", entry));
    if (this.#call.query.get("sendInitialEvents") === "true") this.#bookmark({ "k8s.io/initial-events-end": "true" });
  }

  /** Events that the cache no longer holds; returns the revision from which it does. */
  async #sendHistory(from: number): Promise<number> {
    const { cache, store } = this.#call.api.objects;
    const upTo = cache.oldest(bucketOf(this.#call.kind));
    const reading = new AbortController();
    try {
      for await (const event of store.watch(this.#prefix, { fromRevision: from, signal: reading.signal })) {
        if (event.revision > upTo) break;
        if (event.type !== "progress") this.#send(cacheEventOf(event));
        if (event.revision === upTo) break;
      }
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      throw new StatusError("Expired", `too old resource version: ${from} (${store.compactedRevision()})`);
    } finally {
      reading.abort();
    }
    return upTo;
  }

  #send(event: CacheEvent): void {
    if (!event.entry.key.startsWith(this.#prefix)) return;
    const type = this.#typeFor(event);
    if (type !== undefined) this.#stream.write(this.#printer.line(type, event.entry));
  }

  #typeFor(event: CacheEvent): CacheEvent["type"] | undefined {
    if (!this.#selects) return event.type;
    const before = event.previous !== undefined && this.#matches(event.previous);
    const after = event.type !== "DELETED" && this.#matches(event.entry);
    if (after) return before ? "MODIFIED" : "ADDED";
    return before ? "DELETED" : undefined;
  }

  #matches(entry: Entry): boolean {
    return this.#selects === undefined || this.#selects(entry.object);
  }

  #sendBookmarks(): void {
    const timer = setInterval(() => this.#bookmark(), bookmarkIntervalMs).unref();
    void this.#stream.ended.then(() => clearInterval(timer));
  }

  #bookmark(annotations?: Record<string, string>): void {
    const { kind } = this.#call;
    const metadata = {
      resourceVersion: `${this.#call.api.objects.cache.revision}`,
      ...(annotations && { annotations }),
    };
    const object = { kind: kind.kind, apiVersion: groupVersion(kind), metadata };
    this.#stream.write(this.#printer.bookmark(object));
  }
}
