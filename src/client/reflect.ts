/**
 * Mirrors a collection: the list, then every later change, for as long as the signal lets it.
 *
 *      .--------------------- 410: the revision is compacted ----------------------.
 *      v                                                                           |
 *    list (paged) --> onReplace --> watch from the last revision --> onEvent ------+
 *      ^    |                          ^          |                                |
 *      '----' failed: back off         '----------' ended, or broken: back off ----'
 *
 * Invariants: a revision is remembered only after its event was handed over, so nothing between two
 * watches is lost; it never gives up, and never hammers a server that fails.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { InvariantError, isStatus, messageOf } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import { backoffMs } from "./backoff.ts";
import type { Client, WatchEvent } from "./client.ts";
import type { InformerOptions } from "./informer.ts";

const pageSize = 500;
/** A watch that lasted this long was healthy: the next failure starts at the shortest back-off again. */
const healthyAfterMs = 5_000;
const log = createLogger("client");

export interface Mirror<T extends KubeObject> {
  onReplace(objects: T[]): void;
  onEvent(event: Exclude<WatchEvent<T>, { type: "BOOKMARK" }>): void;
  /** Errors that end the mirror; default: none does. */
  isFatal?(error: unknown): boolean;
}

export async function reflect<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: InformerOptions<T> & { signal: AbortSignal },
  mirror: Mirror<T>,
): Promise<void> {
  const { signal } = options;
  let revision: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = Date.now();
    try {
      revision ??= await listAll(client, resource, options, mirror);
      for await (const event of client.watch(resource, {
        ...selectionOf(options),
        resourceVersion: revision,
        signal,
      })) {
        if (event.type !== "BOOKMARK") mirror.onEvent({ ...event, object: kept(event.object, options) });
        revision = revisionOf(event) ?? revision;
      }
      failures = 0;
      // A server that ends watches at once must not be asked in a tight loop.
      if (Date.now() - startedAt < 1000) await pause(backoffMs(0), signal);
    } catch (error) {
      if (signal.aborted) return;
      // The client was closed under us, or the like: no retry mends a bug.
      if (error instanceof InvariantError || mirror.isFatal?.(error)) throw error;
      if (isStatus(error, "Expired", "Gone")) revision = undefined;
      failures = Date.now() - startedAt > healthyAfterMs ? 0 : failures + 1;
      log.debug({ resource: resource.plural, failures, error: messageOf(error) }, "watch interrupted");
      await pause(backoffMs(failures), signal);
    }
  }
}

async function listAll<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: InformerOptions<T> & { signal: AbortSignal },
  mirror: Mirror<T>,
): Promise<string> {
  const objects: T[] = [];
  let next: string | undefined;
  for (;;) {
    const page = await client.list(resource, {
      ...selectionOf(options),
      signal: options.signal,
      limit: pageSize,
      continue: next,
    });
    for (const object of page.items) objects.push(kept(object, options));
    next = page.metadata.continue;
    if (next) continue;
    mirror.onReplace(objects);
    return page.metadata.resourceVersion ?? "";
  }
}

/** At once: a page of a list, as it came, goes before the next is asked for. */
function kept<T extends KubeObject>(object: T, { keep }: InformerOptions<T>): T {
  return keep ? keep(object) : object;
}

function selectionOf<T extends KubeObject>({ namespace, labelSelector, fieldSelector }: InformerOptions<T>) {
  return { namespace, labelSelector, fieldSelector };
}

function revisionOf(event: WatchEvent<KubeObject>): string | undefined {
  return event.type === "BOOKMARK" ? event.resourceVersion || undefined : event.object.metadata?.resourceVersion;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
