/**
 * A revisioned key-value store: what the API server keeps its objects in.
 *
 * Every write gets the next revision of one global counter. A watch started from revision R sees each
 * later write exactly once and in order, until R is compacted away. Two implementations (memory, sqlite)
 * pass one conformance suite.
 */

export interface StoredValue {
  key: string;
  /** Opaque to the store; the API server keeps JSON text here. */
  value: string;
  /** Revision of the write that made this value. */
  revision: number;
  /** Revision of the write that created the key. */
  createRevision: number;
}

export type StoreEvent =
  | { type: "put"; revision: number; current: StoredValue; previous: StoredValue | undefined }
  | { type: "delete"; revision: number; previous: StoredValue }
  /**
   * Everything up to `revision` was delivered. Sent when the watcher first caught up (before any wait),
   * and then about once a second while the revision moves on.
   */
  | { type: "progress"; revision: number };

export interface ListOptions {
  /** Read as of this revision (default: now). @throws CompactedError, FutureRevisionError */
  revision?: number;
  limit?: number;
  /** Continue after this key (exclusive). */
  after?: string;
}

export interface ListResult {
  items: StoredValue[];
  /** Revision that the list is a snapshot of. */
  revision: number;
  /** Number of further items beyond `limit` (0 when the list is complete). */
  remaining: number;
}

export interface WatchOptions {
  /** Deliver writes with a greater revision than this. @throws CompactedError, FutureRevisionError from the iterator */
  fromRevision: number;
  signal: AbortSignal;
}

export interface Store {
  /** @returns the revision of the write. @throws KeyExistsError */
  create(key: string, value: string): Promise<number>;
  /** @throws KeyNotFoundError, RevisionConflictError when the key's revision is not `expectedRevision` */
  update(key: string, value: string, expectedRevision: number): Promise<number>;
  /** @throws KeyNotFoundError, RevisionConflictError */
  delete(key: string, expectedRevision?: number): Promise<{ revision: number; previous: StoredValue }>;
  /** @throws CompactedError, FutureRevisionError when a revision is given */
  get(key: string, revision?: number): Promise<StoredValue | undefined>;
  /** Keys that start with `prefix`, in byte order. */
  list(prefix: string, options?: ListOptions): Promise<ListResult>;
  /**
   * The iterator ends when the signal aborts or the store closes. A reader that lags costs nothing but the history
   * it still has to read; when compaction overtakes it, it gets CompactedError.
   */
  watch(prefix: string, options: WatchOptions): AsyncIterable<StoreEvent>;
  /**
   * Forgets history up to and including `revision`; current values stay, and so does what was current then.
   * Nothing happens when that is forgotten already. @throws FutureRevisionError
   */
  compact(revision: number): Promise<void>;
  /** Revision of the newest durable write. */
  currentRevision(): number;
  /** Oldest revision from which a watch can still start. */
  compactedRevision(): number;
  close(): Promise<void>;
}

export class KeyExistsError extends Error {
  override readonly name = "KeyExistsError";
}
export class KeyNotFoundError extends Error {
  override readonly name = "KeyNotFoundError";
}
export class RevisionConflictError extends Error {
  override readonly name = "RevisionConflictError";
}
/** The revision asked for is older than the compaction: start again from a list. */
export class CompactedError extends Error {
  override readonly name = "CompactedError";
}
export class FutureRevisionError extends Error {
  override readonly name = "FutureRevisionError";
}
/** The disk has no room for the write; nothing changed, and later writes may go well. */
export class StoreFullError extends Error {
  override readonly name = "StoreFullError";
}
/** The store was closed, or can no longer write to its disk. */
export class StoreClosedError extends Error {
  override readonly name = "StoreClosedError";
}
