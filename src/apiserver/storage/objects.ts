/**
 * Objects by kind, namespace and name: store keys, optimistic locking and `metav1.Status` errors.
 *
 * Reads come from the cache after it has caught up with every acknowledged write, so they are as
 * consistent as reads of the store and cost no parsing.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject } from "../../../api/meta.ts";
import { sameJsonText } from "../../apimachinery/schema/same-json.ts";
import { StatusError } from "../../base/errors.ts";
import { KeyExistsError, KeyNotFoundError, RevisionConflictError, type Store } from "../../store/store.ts";
import { groupResource, type ServedKind } from "../registry/kind.ts";
import type { Cache } from "./cache.ts";
import { type Entry, encode, entryOf } from "./entry.ts";
import { type KindPlace, keyOf, prefixOf } from "./keys.ts";

export interface Objects {
  readonly cache: Cache;
  readonly store: Store;
  find(kind: KindPlace, namespace: string | undefined, name: string): Promise<Entry | undefined>;
  /** @throws StatusError NotFound */
  get(kind: ServedKind, namespace: string | undefined, name: string): Promise<Entry>;
  list(kind: KindPlace, namespace?: string): Promise<Entry[]>;
  /** @throws StatusError AlreadyExists */
  create(kind: ServedKind, object: KubeObject): Promise<Entry>;
  /**
   * Writes what `change` makes of a copy of the current object; read again and repeated when another writer was faster.
   * `change` returns undefined to leave the object as it is. @throws StatusError NotFound, Conflict
   */
  update(kind: ServedKind, target: Target, change: Change): Promise<Entry>;
  remove(kind: ServedKind, entry: Entry): Promise<Entry>;
  /** After a race lost with this entry: resolves when what was faster can be read. */
  newerThan(entry: Entry): Promise<void>;
}

export interface Target {
  namespace: string | undefined;
  name: string;
}

export type Change = (current: KubeObject, entry: Entry) => KubeObject | undefined | Promise<KubeObject | undefined>;

const updateAttempts = 64;
/** A write that is lost with a failing store never arrives. */
const newerTimeoutMs = 1000;

export function createObjects(store: Store, cache: Cache): Objects {
  const objects: Objects = {
    cache,
    store,
    async find(kind, namespace, name) {
      await cache.fresh();
      return cache.get(keyOf(kind, namespace, name));
    },
    async get(kind, namespace, name) {
      const entry = await objects.find(kind, namespace, name);
      if (!entry) throw notFound(kind, name);
      return entry;
    },
    async list(kind, namespace) {
      await cache.fresh();
      return cache.list(prefixOf(kind, namespace));
    },
    create: (kind, object) => create(store, kind, object),
    update: (kind, target, change) => update(objects, kind, target, change),
    remove: (kind, entry) => remove(store, kind, entry),
    newerThan: (entry) => newerThan(cache, entry),
  };
  return objects;
}

async function create(store: Store, kind: ServedKind, object: KubeObject): Promise<Entry> {
  const name = object.metadata?.name ?? "";
  const key = keyOf(kind, object.metadata?.namespace, name);
  const text = encode(object);
  try {
    return entryOf(key, text, await store.create(key, text));
  } catch (error) {
    if (error instanceof KeyExistsError) throw alreadyExists(kind, name);
    throw error;
  }
}

async function update(objects: Objects, kind: ServedKind, target: Target, change: Change): Promise<Entry> {
  for (let attempt = 1; ; attempt += 1) {
    const entry = await objects.get(kind, target.namespace, target.name);
    const next = await change(entry.copy(), entry);
    if (next === undefined) return entry;
    const text = encode(next);
    if (sameJsonText(text, encode(entry.object))) return entry;
    try {
      return entryOf(entry.key, text, await objects.store.update(entry.key, text, entry.revision));
    } catch (error) {
      if (!isRace(error)) throw error;
      if (attempt >= updateAttempts) throw conflict(kind, target.name);
      await objects.newerThan(entry);
    }
  }
}

async function remove(store: Store, kind: ServedKind, entry: Entry): Promise<Entry> {
  try {
    const { revision, previous } = await store.delete(entry.key, entry.revision);
    return entryOf(entry.key, previous.value, revision);
  } catch (error) {
    if (error instanceof KeyNotFoundError) throw notFound(kind, nameOf(entry));
    if (error instanceof RevisionConflictError) throw conflict(kind, nameOf(entry));
    throw error;
  }
}

/** The write that was faster is decided, but perhaps not durable and so not visible yet: reading now would be in vain. */
async function newerThan(cache: Cache, { key, revision }: Entry): Promise<void> {
  const waiting = new AbortController();
  const timeout = delay(newerTimeoutMs, true, { signal: waiting.signal }).catch((error: unknown) => {
    if (!waiting.signal.aborted) throw error;
    return true;
  });
  for (let isTooLate = false; !isTooLate && cache.get(key)?.revision === revision; ) {
    const written = cache.reached(cache.revision + 1).then(() => false);
    isTooLate = await Promise.race([written, timeout]);
  }
  waiting.abort();
}

function isRace(error: unknown): boolean {
  return error instanceof RevisionConflictError || error instanceof KeyNotFoundError;
}

function nameOf(entry: Entry): string {
  return entry.object.metadata?.name ?? "";
}

function details(kind: Pick<ServedKind, "group" | "plural">, name: string) {
  return { name, ...(kind.group && { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: Pick<ServedKind, "group" | "plural">, name: string): StatusError {
  return new StatusError("NotFound", `${groupResource(kind)} "${name}" not found`, details(kind, name));
}

export function alreadyExists(kind: ServedKind, name: string): StatusError {
  return new StatusError("AlreadyExists", `${groupResource(kind)} "${name}" already exists`, details(kind, name));
}

export function conflict(kind: ServedKind, name: string, why = modified): StatusError {
  const message = `Operation cannot be fulfilled on ${groupResource(kind)} "${name}": ${why}`;
  return new StatusError("Conflict", message, details(kind, name));
}

const modified = "the object has been modified; please apply your changes to the latest version and try again";
