/**
 * Several informers of one kind as one: the API has no selector for "this label or that one". An object that more than one of them
 * holds is shown as the newest of their copies, and counts as deleted when the last of them has lost it.
 */
import type { KubeObject } from "../../api/meta.ts";
import type { Change, Informer } from "./informer.ts";
import { cacheKeyOf } from "./object-cache.ts";

export function joinInformers<T extends KubeObject>(
  first: Informer<T>,
  ...others: readonly Informer<T>[]
): Informer<T> {
  const parts = [first, ...others];
  const get: Informer<T>["get"] = (namespace, name) =>
    newestOfEach(parts.flatMap((part) => part.get(namespace, name) ?? []))[0];
  return {
    resource: first.resource,
    get,
    list: (namespace) => newestOfEach(parts.flatMap((part) => part.list(namespace))),
    byIndex: (name, value) => newestOfEach(parts.flatMap((part) => part.byIndex(name, value))),
    onChange(handler) {
      for (const part of parts) part.onChange((change) => handler(seenTogether(change, get)));
    },
    start(signal) {
      for (const part of parts) part.start(signal);
    },
    async synced() {
      await Promise.all(parts.map((part) => part.synced()));
    },
  };
}

/** What one of them lost is not gone while another still has it. */
function seenTogether<T extends KubeObject>(change: Change<T>, get: Informer<T>["get"]): Change<T> {
  const { namespace, name = "" } = change.object.metadata ?? {};
  const left = change.type === "deleted" ? get(namespace, name) : undefined;
  return left ? { type: "updated", object: left, previous: change.object } : change;
}

function newestOfEach<T extends KubeObject>(copies: readonly T[]): T[] {
  const byKey = new Map<string, T>();
  for (const copy of copies) {
    const known = byKey.get(cacheKeyOf(copy));
    if (known === undefined || versionOf(copy) > versionOf(known)) byKey.set(cacheKeyOf(copy), copy);
  }
  return [...byKey.values()];
}

/** Versions of one kind are numbers that grow. */
function versionOf({ metadata }: KubeObject): bigint {
  return BigInt(metadata?.resourceVersion ?? "0");
}
