/**
 * What a store knows: the current value of each key, and the writes since the last compaction.
 *
 *            compacted                              current
 *    ............|  r+1   r+2   r+3  ...               |
 *     forgotten  '----------- log (one per revision) --'
 *
 * Each logged write carries the value it replaced, so the state at any revision of the log is the current one with
 * the writes after it undone. Nothing here waits or touches a disk.
 */
import { CompactedError, FutureRevisionError, type ListOptions, type ListResult, type StoredValue } from "./store.ts";
import { compareBytes, createSortedKeys } from "./sorted-keys.ts";

export interface Write {
  revision: number;
  key: string;
  /** Undefined: the key was deleted. */
  current: StoredValue | undefined;
  previous: StoredValue | undefined;
}

export interface History {
  readonly currentRevision: number;
  readonly compactedRevision: number;
  latest(key: string): StoredValue | undefined;
  get(key: string, revision?: number): StoredValue | undefined;
  list(prefix: string, options: ListOptions): ListResult;
  /** The write of this revision; it must be logged. */
  at(revision: number): Write;
  /** The next revision is the only one that may follow. */
  apply(write: Write): void;
  /** Revisions of the writes that no reader at `revision` or later can see. */
  supersededBy(revision: number): number[];
  compact(revision: number): void;
}

export function createHistory(base: { values: StoredValue[]; revision: number }): History {
  const values = new Map<string, StoredValue>();
  const keys = createSortedKeys();
  let log: Write[] = [];
  let compacted = base.revision;

  for (const value of base.values) put(value);

  function put(value: StoredValue): void {
    if (!values.has(value.key)) keys.add(value.key);
    values.set(value.key, value);
  }

  const current = () => compacted + log.length;

  function at(revision: number): Write {
    const write = log[revision - compacted - 1];
    if (!write) throw new RangeError(`revision ${revision} is not in the log (${compacted}, ${current()}]`);
    return write;
  }

  function requireReadable(revision: number): void {
    if (revision < compacted) throw new CompactedError(`revision ${revision} is compacted; the oldest is ${compacted}`);
    if (revision > current())
      throw new FutureRevisionError(`revision ${revision} is not written; the newest is ${current()}`);
  }

  /** Values that differ from the current ones at `revision`; undefined: the key was not there. */
  function undoneTo(revision: number, wanted: (key: string) => boolean): Map<string, StoredValue | undefined> {
    const undone = new Map<string, StoredValue | undefined>();
    for (let later = revision + 1; later <= current(); later++) {
      const { key, previous } = at(later);
      if (!undone.has(key) && wanted(key)) undone.set(key, previous);
    }
    return undone;
  }

  function valuesAt(revision: number, prefix: string, after: string | undefined): StoredValue[] {
    const range = keys.range(prefix, after);
    const isInRange = (key: string) => key.startsWith(prefix) && (after === undefined || compareBytes(key, after) > 0);
    const undone = undoneTo(revision, isInRange);
    const kept = range.map((key) => (undone.has(key) ? undone.get(key) : values.get(key)));
    const vanished = [...undone.values()].filter((value) => value && !values.has(value.key));
    const present = [...kept, ...vanished].filter((value) => value !== undefined);
    return vanished.length > 0 ? present.sort((a, b) => compareBytes(a.key, b.key)) : present;
  }

  return {
    get currentRevision() {
      return current();
    },
    get compactedRevision() {
      return compacted;
    },
    latest: (key) => values.get(key),
    get(key, revision = current()) {
      requireReadable(revision);
      const undone = undoneTo(revision, (other) => other === key);
      return undone.has(key) ? undone.get(key) : values.get(key);
    },
    list(prefix, { revision = current(), limit = 0, after }) {
      requireReadable(revision);
      const all = valuesAt(revision, prefix, after);
      const items = limit > 0 ? all.slice(0, limit) : all;
      return { items, revision, remaining: all.length - items.length };
    },
    at,
    apply(write) {
      if (write.revision !== current() + 1) {
        throw new RangeError(`revision ${write.revision} cannot follow ${current()}`);
      }
      log.push(write);
      if (write.current) return put(write.current);
      values.delete(write.key);
      keys.remove(write.key);
    },
    supersededBy(revision) {
      return log
        .slice(0, Math.max(0, revision - compacted))
        .flatMap((write) => [
          ...(write.previous ? [write.previous.revision] : []),
          ...(write.current ? [] : [write.revision]),
        ]);
    },
    compact(revision) {
      if (revision <= compacted) return;
      log = log.slice(revision - compacted);
      compacted = revision;
    },
  };
}
