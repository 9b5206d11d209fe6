/**
 * A store = history (memory) + journal (disk), joined by group commit.
 *
 *   create/update/delete --> decided at once against the newest write of the key, durable or not
 *        |                   --> waits in `queue`, with its revision
 *        v
 *   commit loop: everything queued --> journal.append (one fsync) --> history.apply --> callers resolve, watchers wake
 *
 * Invariants: readers and watchers see durable writes only; revisions are given in the order of the queue, so the
 * journal has no gaps; a caller is told of success only after the fsync that covers its write.
 * When the journal fails, every write under way fails. Unless the disk was merely full, the store then refuses further
 * writes until it is opened again: after a failed fsync nobody can say what is on the disk.
 */
import { messageOf } from "../base/errors.ts";
import { createBell } from "./bell.ts";
import type { History, Write } from "./history.ts";
import type { Journal, JournalRow } from "./journal.ts";
import {
  FutureRevisionError,
  KeyExistsError,
  KeyNotFoundError,
  RevisionConflictError,
  type Store,
  StoreClosedError,
  StoreFullError,
  type StoredValue,
} from "./store.ts";
import { watchHistory } from "./watch.ts";

interface QueuedWrite {
  write: Write;
  resolve: () => void;
  reject: (error: Error) => void;
}

export function createStore(history: History, journal: Journal): Store {
  const bell = createBell();
  /** The newest undurable write of each key. */
  const undurable = new Map<string, Write>();
  let queue: QueuedWrite[] = [];
  let nextRevision = history.currentRevision + 1;
  let journalIdle: Promise<void> = Promise.resolve();
  let committing = false;
  let refusal: StoreClosedError | undefined;

  function newest(key: string): StoredValue | undefined {
    const write = undurable.get(key);
    return write ? write.current : history.latest(key);
  }

  function requireNewest(key: string, expectedRevision: number | undefined): StoredValue {
    const found = newest(key);
    if (!found) throw new KeyNotFoundError(`${key} does not exist`);
    if (expectedRevision === undefined || found.revision === expectedRevision) return found;
    throw new RevisionConflictError(`${key} is at revision ${found.revision}, not ${expectedRevision}`);
  }

  /** Decides synchronously, so that no other write comes between the check and the queue. */
  function enqueue(key: string, decide: (revision: number) => Omit<Write, "key" | "revision">): Promise<Write> {
    if (refusal) throw refusal;
    const write: Write = { revision: nextRevision, key, ...decide(nextRevision) };
    nextRevision++;
    undurable.set(key, write);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.push({ write, resolve, reject });
    if (!committing) void commitAll();
    return promise.then(() => write);
  }

  async function commitAll(): Promise<void> {
    committing = true;
    // One turn later, so that writes made together are made durable together.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      await exclusively(() => journal.append(batch.map(rowOf))).then(
        () => settle(batch),
        (error: unknown) => fail(batch, error),
      );
    }
    committing = false;
  }

  function settle(batch: QueuedWrite[]): void {
    for (const { write, resolve } of batch) {
      history.apply(write);
      if (undurable.get(write.key) === write) undurable.delete(write.key);
      resolve();
    }
    bell.ring();
  }

  function fail(batch: QueuedWrite[], cause: unknown): void {
    const error = cause instanceof StoreFullError ? cause : storeBroken(cause);
    if (error instanceof StoreClosedError) refusal = error;
    // Those in the queue were decided on top of the batch: what they build on is not there.
    for (const { reject } of [...batch, ...queue]) reject(error);
    queue = [];
    undurable.clear();
    nextRevision = history.currentRevision + 1;
  }

  /** The journal does one thing at a time. */
  function exclusively<T>(action: () => Promise<T>): Promise<T> {
    const result = journalIdle.then(action);
    journalIdle = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  return {
    async create(key, value) {
      const { revision } = await enqueue(key, (revision) => {
        if (newest(key)) throw new KeyExistsError(`${key} exists already`);
        return { previous: undefined, current: { key, value, revision, createRevision: revision } };
      });
      return revision;
    },
    async update(key, value, expectedRevision) {
      const { revision } = await enqueue(key, (revision) => {
        const previous = requireNewest(key, expectedRevision);
        return { previous, current: { key, value, revision, createRevision: previous.createRevision } };
      });
      return revision;
    },
    async delete(key, expectedRevision) {
      const previous = requireNewest(key, expectedRevision);
      const { revision } = await enqueue(key, () => ({ previous, current: undefined }));
      return { revision, previous };
    },
    get: async (key, revision) => history.get(key, revision),
    list: async (prefix, options = {}) => history.list(prefix, options),
    watch: (prefix, options) => watchHistory(history, bell, prefix, options),
    compact: (revision) =>
      exclusively(async () => {
        if (refusal) throw refusal;
        if (revision > history.currentRevision) {
          throw new FutureRevisionError(
            `cannot compact to ${revision}: the newest revision is ${history.currentRevision}`,
          );
        }
        if (revision <= history.compactedRevision) return;
        await journal.compact(revision, history.supersededBy(revision));
        history.compact(revision);
      }),
    currentRevision: () => history.currentRevision,
    compactedRevision: () => history.compactedRevision,
    async close() {
      if (bell.closed) return;
      refusal ??= new StoreClosedError("the store is closed");
      for (const { reject } of queue) reject(refusal);
      queue = [];
      bell.close();
      await exclusively(() => journal.close());
    },
  };
}

function storeBroken(cause: unknown): StoreClosedError {
  return new StoreClosedError(`the store can no longer write: ${messageOf(cause)}`, { cause });
}

function rowOf({ write: { revision, key, current, previous } }: QueuedWrite): JournalRow {
  const createRevision = current?.createRevision ?? previous?.createRevision ?? revision;
  return { revision, key, value: current?.value ?? null, createRevision };
}
