/** Events are kept for an hour after they were last seen. */
import { setTimeout as delay } from "node:timers/promises";
import { events } from "../../api/core.ts";
import { KeyNotFoundError, RevisionConflictError } from "../store/store.ts";
import { text } from "./registry/field.ts";
import type { Entry } from "./storage/entry.ts";
import { prefixOf } from "./storage/keys.ts";
import type { Objects } from "./storage/objects.ts";

const lifeMs = 60 * 60_000;
const checkEveryMs = 60_000;

export async function expireEvents({ cache, store }: Objects, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const oldest = Date.now() - lifeMs;
    for (const entry of cache.list(prefixOf(events, undefined))) if (lastSeenMs(entry) < oldest) await forget(entry);
    await delay(checkEveryMs, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async function forget(entry: Entry): Promise<void> {
    try {
      await store.delete(entry.key, entry.revision);
    } catch (error) {
      // Seen again, or deleted, in the meantime.
      if (!(error instanceof RevisionConflictError) && !(error instanceof KeyNotFoundError)) throw error;
    }
  }
}

function lastSeenMs({ object }: Entry): number {
  const times = [["series", "lastObservedTime"], ["lastTimestamp"], ["eventTime"], ["metadata", "creationTimestamp"]];
  const last = times.map((path) => Date.parse(text(object, ...path))).filter((time) => !Number.isNaN(time));
  return Math.max(0, ...last);
}
