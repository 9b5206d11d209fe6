import type { KubeObject, Resource } from "../../api/meta.ts";
import { isStatus, StatusError } from "../base/errors.ts";
import type { Client, ObjectKey } from "./client.ts";
import { reflect } from "./reflect.ts";

export interface WaitOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
}

/**
 * Watches one object until the condition holds; it is asked with undefined while the object does not exist.
 * Survives restarts of the API server.
 * @returns the object that satisfied it (undefined: its absence did)
 * @throws StatusError with reason `Timeout`; the signal's reason when that aborts; what `condition` throws;
 *   StatusError when the collection may not be watched
 */
export async function waitFor<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  key: ObjectKey,
  condition: (object: T | undefined) => boolean,
  options: WaitOptions = {},
): Promise<T | undefined> {
  const { namespace, name } = key;
  const isIt = (object: T) => object.metadata?.name === name;
  return watchUntil(client, resource, { namespace, fieldSelector: `metadata.name=${name}`, ...options }, (objects) => {
    const object = objects.find(isIt);
    return condition(object) ? { object } : undefined;
  }).then(({ object }) => object);
}

export interface WatchUntilOptions extends WaitOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/**
 * Watches a collection until `verdict` gives something, and returns that. It is asked with all objects,
 * after the first list and after each change.
 */
export async function watchUntil<T extends KubeObject, V>(
  client: Client,
  resource: Resource<T>,
  options: WatchUntilOptions,
  verdict: (objects: T[]) => V | undefined,
): Promise<V> {
  const done = new AbortController();
  const timeout = options.timeoutMs === undefined ? [] : [AbortSignal.timeout(options.timeoutMs)];
  const outer = AbortSignal.any([...timeout, ...(options.signal ? [options.signal] : [])]);
  const signal = AbortSignal.any([done.signal, outer]);
  const objects = new Map<string, T>();
  let outcome: { value: V } | undefined;
  let failure: { error: unknown } | undefined;

  const judge = () => {
    if (done.signal.aborted) return;
    try {
      const value = verdict([...objects.values()]);
      if (value === undefined) return;
      outcome = { value };
    } catch (error) {
      failure = { error };
    }
    done.abort();
  };
  await reflect(client, resource, { ...options, signal }, mirrorOf(objects, judge));

  if (failure) throw failure.error;
  if (outcome) return outcome.value;
  options.signal?.throwIfAborted();
  throw new StatusError(
    "Timeout",
    `waiting for ${describe(resource, options)}: not there after ${options.timeoutMs} ms`,
  );
}

function mirrorOf<T extends KubeObject>(objects: Map<string, T>, judge: () => void) {
  const keyOf = (object: T) => `${object.metadata?.namespace}/${object.metadata?.name}`;
  return {
    // Waiting does not change what we may do, nor which kinds the server has.
    isFatal: (error: unknown) => isStatus(error, "BadRequest", "Unauthorized", "Forbidden", "NotFound"),
    onReplace(all: T[]) {
      objects.clear();
      for (const object of all) objects.set(keyOf(object), object);
      judge();
    },
    onEvent({ type, object }: { type: string; object: T }) {
      if (type === "DELETED") objects.delete(keyOf(object));
      else objects.set(keyOf(object), object);
      judge();
    },
  };
}

function describe(resource: Resource, { namespace, labelSelector, fieldSelector }: WatchUntilOptions): string {
  const where = [namespace && `in ${namespace}`, labelSelector, fieldSelector].filter(Boolean).join(" ");
  return where ? `${resource.plural} (${where})` : resource.plural;
}
