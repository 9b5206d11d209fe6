/**
 * An informer lags behind our own writes by some milliseconds; acting on it alone would create a second pod for one
 * that is on its way. This view lays our newest writes over the informer until it has caught up.
 * The answer to a write may also come after the informer saw the object go: what it saw go stays gone. And one that came and went
 * while the informer had to list anew is never seen at all: it is believed for a while only.
 */
import type { KubeObject } from "../../api/meta.ts";
import type { Informer } from "../client/informer.ts";
import { createBurials } from "./burials.ts";

export interface RecentWrites<T extends KubeObject> {
  /** The informer's objects as our own writes left them. */
  list(namespace?: string): T[];
  /** Remember what the API answered to a create, update or bind. */
  wrote(object: T): void;
  /** Remember that the API accepted the deletion of this object. */
  deleted(object: T): void;
}

/** No informer lags behind for longer. */
const longestLagMs = 300_000;

export function overlayRecentWrites<T extends KubeObject>(informer: Informer<T>, now = Date.now): RecentWrites<T> {
  const written = new Map<string, { object: T; atMs: number }>();
  const gone = new Set<string>();
  const burials = createBurials();

  informer.onChange(({ type, object }) => {
    const uid = uidOf(object);
    if (type === "deleted" || revisionOf(object) >= revisionOf(written.get(uid)?.object)) written.delete(uid);
    if (type === "deleted" || object.metadata?.deletionTimestamp) gone.delete(uid);
    if (type === "deleted") burials.bury(uid);
  });

  function forgetTheUnseen(): void {
    for (const [uid, { atMs }] of written) if (now() - atMs > longestLagMs) written.delete(uid);
  }

  return {
    list(namespace) {
      const objects = new Map(informer.list(namespace).map((object) => [uidOf(object), object]));
      forgetTheUnseen();
      for (const [uid, { object }] of written)
        if (namespace === undefined || object.metadata?.namespace === namespace) objects.set(uid, object);
      for (const uid of gone) objects.delete(uid);
      return [...objects.values()];
    },
    wrote: (object) => {
      const seen = informer.get(object.metadata?.namespace, object.metadata?.name ?? "");
      const isSeen = seen && uidOf(seen) === uidOf(object) && revisionOf(seen) > revisionOf(object);
      if (!isSeen && !burials.has(uidOf(object))) written.set(uidOf(object), { object, atMs: now() });
    },
    deleted: (object) => {
      const seen = informer.get(object.metadata?.namespace, object.metadata?.name ?? "");
      written.delete(uidOf(object));
      const isThere = seen !== undefined && uidOf(seen) === uidOf(object);
      if (isThere && !seen.metadata?.deletionTimestamp) gone.add(uidOf(object));
    },
  };
}

function uidOf(object: KubeObject): string {
  return object.metadata?.uid ?? "";
}

function revisionOf(object: KubeObject | undefined): number {
  return Number(object?.metadata?.resourceVersion ?? 0);
}
