/** The objects of one kind that an informer holds, with its local indexes. */
import type { KubeObject } from "../../api/meta.ts";

export interface ObjectCache<T extends KubeObject> {
  get(key: string): T | undefined;
  list(namespace?: string): T[];
  byIndex(name: string, value: string): T[];
  keys(): string[];
  /** @returns what was there before */
  put(object: T): T | undefined;
  remove(key: string): T | undefined;
}

export type Indexers<T> = Record<string, (object: T) => string[]>;

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function cacheKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

export function cacheKeyOf(object: KubeObject): string {
  return cacheKey(object.metadata?.namespace, object.metadata?.name ?? "");
}

export function createObjectCache<T extends KubeObject>(indexers: Indexers<T> = {}): ObjectCache<T> {
  const objects = new Map<string, T>();
  const indexes = new Map(Object.keys(indexers).map((name) => [name, new Map<string, Set<string>>()]));

  function unindex(key: string, object: T): void {
    for (const [name, keysByValue] of indexes) {
      for (const value of indexers[name]?.(object) ?? []) {
        const keys = keysByValue.get(value);
        keys?.delete(key);
        if (keys?.size === 0) keysByValue.delete(value);
      }
    }
  }

  function index(key: string, object: T): void {
    for (const [name, keysByValue] of indexes) {
      for (const value of indexers[name]?.(object) ?? []) {
        const keys = keysByValue.get(value) ?? new Set();
        keysByValue.set(value, keys.add(key));
      }
    }
  }

  function remove(key: string): T | undefined {
    const previous = objects.get(key);
    if (previous) unindex(key, previous);
    objects.delete(key);
    return previous;
  }

  return {
    get: (key) => objects.get(key),
    keys: () => [...objects.keys()],
    list: (namespace) =>
      [...objects.values()].filter((object) => namespace === undefined || object.metadata?.namespace === namespace),
    byIndex(name, value) {
      const keysByValue = indexes.get(name);
      if (!keysByValue) throw new RangeError(`the informer has no index ${JSON.stringify(name)}`);
      return [...(keysByValue.get(value) ?? [])]
        .map((key) => objects.get(key))
        .filter((object) => object !== undefined);
    },
    put(object) {
      const key = cacheKeyOf(object);
      const previous = remove(key);
      objects.set(key, object);
      index(key, object);
      return previous;
    },
    remove,
  };
}
