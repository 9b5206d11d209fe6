/** A watch: one endless answer of JSON lines. */
import type { Readable } from "node:stream";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { apiVersionOf } from "../../api/meta.ts";
import { messageOf, type Status, StatusError } from "../base/errors.ts";
import { callStream } from "./call.ts";
import type { WatchCallOptions, WatchEvent } from "./client.ts";
import { collectionPath, withQuery } from "./paths.ts";
import type { Transport } from "./transport.ts";

/** The server ends the watch after this time; kept below the idle limits of proxies. */
const defaultTimeoutSeconds = 300;
/** A watch that the server did not end in time hangs: give it this long, then cut it. */
const graceMs = 30_000;

interface Line {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: KubeObject;
}

/**
 * Ends when the server ends it or the signal aborts.
 * @throws StatusError: reason `Expired` or `Gone` when the revision is too old, `ServiceUnavailable` on a broken connection
 */
export async function* watch<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  options: WatchCallOptions,
): AsyncGenerator<WatchEvent<T>> {
  const timeoutSeconds = options.timeoutSeconds ?? defaultTimeoutSeconds;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutSeconds * 1000 + graceMs)]);
  const path = watchPath(resource, options, timeoutSeconds);
  const { body } = await callStream(transport, { method: "GET", path, signal });
  try {
    for await (const line of linesOf(body)) yield eventOf(line, resource);
  } catch (error) {
    if (options.signal.aborted) return;
    if (error instanceof StatusError) throw error;
    throw new StatusError("ServiceUnavailable", `watching ${resource.plural}: ${messageOf(error)}`);
  } finally {
    body.destroy();
  }
}

function watchPath(resource: Resource, options: WatchCallOptions, timeoutSeconds: number): string {
  return withQuery(collectionPath(resource, options.namespace), {
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    timeoutSeconds,
  });
}

function eventOf<T extends KubeObject>(text: string, resource: Resource<T>): WatchEvent<T> {
  const { type, object } = JSON.parse(text) as Line;
  if (type === "ERROR") throw StatusError.from(object as Partial<Status>);
  if (type === "BOOKMARK") return { type, resourceVersion: object.metadata?.resourceVersion ?? "" };
  return { type, object: withType(object as T, resource) };
}

/** Servers may leave the type off where it is implied. */
export function withType<T extends KubeObject>(object: T, resource: Resource<T>): T {
  object.apiVersion ??= apiVersionOf(resource);
  object.kind ??= resource.kind;
  return object;
}

/** Splits at newlines; an unfinished last line (the server died in the middle of it) is dropped. */
export async function* linesOf(body: Readable): AsyncGenerator<string> {
  let unfinished: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...unfinished, chunk.subarray(start, end)]).toString("utf8");
      unfinished = [];
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    if (start < chunk.length) unfinished.push(chunk.subarray(start));
  }
}
