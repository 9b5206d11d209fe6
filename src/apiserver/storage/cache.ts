/**
 * Every object of the store in memory, and the recent events of each kind.
 *
 *   store.watch("") --> apply --> bucket (one per kind) --> entries (current objects, read by get and list)
 *                                        |--> ring (recent events, replayed to a watch that resumes)
 *                                        `--> listeners (running watches)
 *
 * Invariants: events are applied in revision order; `revision` is that of the last applied one; a reader that must see
 * every write made before it calls `fresh()` first, which waits until the cache has reached the store's own revision.
 */
import type { Store, StoreEvent } from "../../store/store.ts";
import { type Entry, entryOf } from "./entry.ts";
import { bucketOfKey } from "./keys.ts";

/** Events kept for each kind; a watch that resumes further back is served from the store. */
const ringLength = 1024;

export interface CacheEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  revision: number;
  /** After the event; for DELETED the last state, with the revision of the deletion. */
  entry: Entry;
  previous: Entry | undefined;
}

export type CacheListener = (event: CacheEvent) => void;

export interface Cache {
  readonly revision: number;
  /** Resolves when every write acknowledged until now is visible here. */
  fresh(): Promise<void>;
  /** Resolves when the revision is reached. */
  reached(revision: number): Promise<void>;
  get(key: string): Entry | undefined;
  /** Current objects whose key starts with the prefix, in key order. */
  list(prefix: string): Entry[];
  count(bucket: string): number;
  /** Calls the listener for each event of the bucket after `fromRevision`; undefined when that is no longer in memory. */
  subscribe(bucket: string, fromRevision: number, listener: CacheListener): (() => void) | undefined;
  /** Calls the listener for each event of every kind from now on. */
  onEvent(listener: CacheListener): void;
  /** Oldest revision from which `subscribe` works for the bucket. */
  oldest(bucket: string): number;
}

interface Bucket {
  entries: Map<string, Entry>;
  /** Keys in order; undefined when a key came or went since it was made. */
  sorted: string[] | undefined;
  ring: CacheEvent[];
  oldest: number;
  listeners: Set<CacheListener>;
}

/** Loads the store and follows it until the signal aborts. */
export async function startCache(
  store: Store,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<Cache> {
  const snapshot = await store.list("");
  const cache = new StoreCache(store, snapshot.revision);
  for (const item of snapshot.items) cache.load(entryOf(item.key, item.value, item.revision));
  follow(cache, store, signal).catch(onFailure);
  return cache;
}

async function follow(cache: StoreCache, store: Store, signal: AbortSignal): Promise<void> {
  for await (const event of store.watch("", { fromRevision: cache.revision, signal })) cache.apply(event);
}

/** The event as a client of the API sees it. */
export function cacheEventOf(event: Exclude<StoreEvent, { type: "progress" }>, previous?: Entry): CacheEvent {
  const { revision } = event;
  if (event.type === "delete") {
    const last = event.previous;
    const before = previous ?? entryOf(last.key, last.value, last.revision);
    return { type: "DELETED", revision, entry: entryOf(last.key, last.value, revision), previous: before };
  }
  const entry = entryOf(event.current.key, event.current.value, revision);
  const before = event.previous && entryOf(event.previous.key, event.previous.value, event.previous.revision);
  return { type: event.previous ? "MODIFIED" : "ADDED", revision, entry, previous: previous ?? before };
}

class StoreCache implements Cache {
  revision: number;
  readonly #store: Store;
  readonly #loadedAt: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #listeners: CacheListener[] = [];
  #waiters: { revision: number; resolve: () => void }[] = [];

  constructor(store: Store, revision: number) {
    this.#store = store;
    this.revision = revision;
    this.#loadedAt = revision;
  }

  load(entry: Entry): void {
    this.#bucket(bucketOfKey(entry.key)).entries.set(entry.key, entry);
  }

  apply(event: StoreEvent): void {
    if (event.type !== "progress") this.#applyWrite(event);
    this.revision = Math.max(this.revision, event.revision);
    this.#wake();
  }

  #applyWrite(event: Exclude<StoreEvent, { type: "progress" }>): void {
    const key = event.type === "put" ? event.current.key : event.previous.key;
    const bucket = this.#bucket(bucketOfKey(key));
    const change = cacheEventOf(event, bucket.entries.get(key));
    if (change.type !== "MODIFIED") bucket.sorted = undefined;
    if (change.type === "DELETED") bucket.entries.delete(key);
    else bucket.entries.set(key, change.entry);
    bucket.ring.push(change);
    if (bucket.ring.length > ringLength * 2) forgetOldest(bucket);
    this.revision = event.revision;
    for (const listener of [...this.#listeners, ...bucket.listeners]) listener(change);
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const due = this.#waiters.filter((waiter) => waiter.revision <= this.revision);
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.revision);
    for (const waiter of due) waiter.resolve();
  }

  fresh(): Promise<void> {
    return this.reached(this.#store.currentRevision());
  }

  reached(revision: number): Promise<void> {
    if (this.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ revision, resolve }));
  }

  get(key: string): Entry | undefined {
    return this.#buckets.get(bucketOfKey(key))?.entries.get(key);
  }

  list(prefix: string): Entry[] {
    const bucket = this.#buckets.get(bucketOfKey(prefix));
    if (!bucket) return [];
    bucket.sorted ??= [...bucket.entries.keys()].sort();
    const found: Entry[] = [];
    for (const key of bucket.sorted) if (key.startsWith(prefix)) found.push(bucket.entries.get(key) as Entry);
    return found;
  }

  count(bucket: string): number {
    return this.#buckets.get(bucket)?.entries.size ?? 0;
  }

  subscribe(name: string, fromRevision: number, listener: CacheListener): (() => void) | undefined {
    const bucket = this.#bucket(name);
    if (fromRevision < bucket.oldest) return undefined;
    for (const event of bucket.ring) if (event.revision > fromRevision) listener(event);
    bucket.listeners.add(listener);
    return () => bucket.listeners.delete(listener);
  }

  onEvent(listener: CacheListener): void {
    this.#listeners.push(listener);
  }

  oldest(bucket: string): number {
    return this.#bucket(bucket).oldest;
  }

  #bucket(name: string): Bucket {
    let bucket = this.#buckets.get(name);
    if (!bucket) {
      bucket = { entries: new Map(), sorted: undefined, ring: [], oldest: this.#loadedAt, listeners: new Set() };
      this.#buckets.set(name, bucket);
    }
    return bucket;
  }
}

function forgetOldest(bucket: Bucket): void {
  const gone = bucket.ring.splice(0, bucket.ring.length - ringLength);
  bucket.oldest = gone.at(-1)?.revision ?? bucket.oldest;
}
