/**
 * Watches read the shared log at their own pace: a watcher is a cursor, not a queue, so a slow one holds no memory of
 * its own and never delays a writer. When compaction overtakes the cursor, the watch fails.
 */
import type { Bell } from "./bell.ts";
import type { History, Write } from "./history.ts";
import { CompactedError, FutureRevisionError, type StoreEvent, type WatchOptions } from "./store.ts";

export async function* watchHistory(
  history: History,
  bell: Bell,
  prefix: string,
  { fromRevision, signal }: WatchOptions,
): AsyncGenerator<StoreEvent> {
  const { currentRevision } = history;
  if (fromRevision > currentRevision) {
    throw new FutureRevisionError(`cannot watch from revision ${fromRevision}: the newest is ${currentRevision}`);
  }
  const listener = bell.listen(signal);
  const isOver = () => signal.aborted || bell.closed;
  let cursor = fromRevision;
  let reported: number | undefined;
  try {
    while (!isOver()) {
      if (cursor < history.compactedRevision) throw overtaken(cursor, history.compactedRevision);
      if (cursor < history.currentRevision) {
        const write = history.at(++cursor);
        if (!write.key.startsWith(prefix)) continue;
        yield eventOf(write);
      } else if (reported === undefined || (listener.takeTick() && cursor > reported)) {
        reported = cursor;
        yield { type: "progress", revision: cursor };
      } else {
        await listener.wait();
      }
    }
  } finally {
    listener.stop();
  }
}

function eventOf({ revision, current, previous }: Write): StoreEvent {
  if (current) return { type: "put", revision, current, previous };
  if (!previous) throw new RangeError(`revision ${revision} deletes what was not there`);
  return { type: "delete", revision, previous };
}

function overtaken(cursor: number, compacted: number): CompactedError {
  return new CompactedError(`cannot watch from revision ${cursor}: history is compacted up to ${compacted}`);
}
