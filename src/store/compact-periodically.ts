import { setTimeout as delay } from "node:timers/promises";
import { type Store, StoreFullError } from "./store.ts";

export interface CompactionOptions {
  signal: AbortSignal;
  /** History is kept for one to two of these. Kubernetes' default: five minutes. */
  intervalMs?: number;
  /** Never keep more writes than this, however young. */
  maximumRevisions?: number;
}

/** How often the number of writes is looked at. */
const checksPerInterval = 30;

/** Forgets old history until the signal aborts, so that memory and disk stay bounded. */
export async function compactPeriodically(store: Store, options: CompactionOptions): Promise<void> {
  const { signal, intervalMs = 5 * 60_000, maximumRevisions = 100_000 } = options;
  const compactor = createCompactor(store, maximumRevisions);
  for (let check = 1; await elapsed(intervalMs / checksPerInterval, signal); check++) {
    if (check % checksPerInterval === 0) await compactor.endInterval();
    else await compactor.limit();
  }
}

export function createCompactor(store: Store, maximumRevisions: number) {
  let newestAtIntervalStart = store.currentRevision();

  const compact = async (revision: number) => {
    if (revision <= store.compactedRevision()) return;
    await store.compact(revision).catch((error: unknown) => {
      // The next turn tries again: room may be made, and most of all by compaction.
      if (!(error instanceof StoreFullError)) throw error;
    });
  };

  return {
    /** What was written before the interval that ends now is forgotten. */
    endInterval: async () => {
      await compact(newestAtIntervalStart);
      newestAtIntervalStart = store.currentRevision();
    },
    limit: () => compact(store.currentRevision() - maximumRevisions),
  };
}

async function elapsed(ms: number, signal: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal, ref: false }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return !signal.aborted;
}
