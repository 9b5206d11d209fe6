/** Events are kept for an hour after they were last seen. */
import { setTimeout as delay } from "node:timers/promises";
import { events } from "../../api/core.ts";
import { KeyNotFoundError, RevisionConflictError, StoreFullError } from "../store/store.ts";
import { text } from "./registry/field.ts";
import type { Entry } from "./storage/entry.ts";
import { prefixOf } from "./storage/keys.ts";
import type { Objects } from "./storage/objects.ts";

const lifeMs = 60 * 60_000;
const harmless = [RevisionConflictError, KeyNotFoundError, StoreFullError];

export async function expireEvents({ cache, store }: Objects, signal: AbortSignal, everyMs = 60_000): Promise<void> {
  while (!signal.aborted) {
    const oldest = Date.now() - lifeMs;
    for (const entry of cache.list(prefixOf(events, undefined))) if (lastSeenMs(entry) < oldest) await forget(entry);
    await delay(everyMs, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async function forget(entry: Entry): Promise<void> {
    try {
      await store.delete(entry.key, entry.revision);
    } catch (error) {
      // Seen again, or deleted, in the meantime; or the disk is full, and the next turn tries again.
      if (!harmless.some((each) => error instanceof each)) throw error;
    }
  }
}

function lastSeenMs({ object }: Entry): number {
  const times = [["series", "lastObservedTime"], ["lastTimestamp"], ["eventTime"], ["metadata", "creationTimestamp"]];
  const last = times.map((path) => Date.parse(text(object, ...path))).filter((time) => !Number.isNaN(time));
  return Math.max(0, ...last);
}
