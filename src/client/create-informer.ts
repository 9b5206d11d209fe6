import type { KubeObject } from "../../api/meta.ts";
import { InvariantError } from "../base/errors.ts";
import { createLogger } from "../base/log.ts";
import type { Change, Informer, InformerFactory, InformerOptions } from "./informer.ts";
import { cacheKey, cacheKeyOf, createObjectCache, type ObjectCache } from "./object-cache.ts";
import { type Mirror, reflect } from "./reflect.ts";

const log = createLogger("client");

export const createInformer: InformerFactory = <T extends KubeObject>(
  client: Parameters<InformerFactory>[0],
  resource: Informer<T>["resource"],
  options: InformerOptions<T> = {},
): Informer<T> => {
  const cache = createObjectCache<T>(options.indexes);
  const handlers: ((change: Change<T>) => void)[] = [];
  const synced = Promise.withResolvers<void>();
  let started = false;

  function tell(change: Change<T>): void {
    for (const handler of handlers) call(handler, change);
  }

  function call(handler: (change: Change<T>) => void, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      // One handler's bug must not cost the others the event, nor the cache its place in the stream.
      log.error({ err: error, resource: resource.plural, key: cacheKeyOf(change.object) }, "change handler failed");
    }
  }

  return {
    resource,
    get: (namespace, name) => cache.get(cacheKey(namespace, name)),
    list: (namespace) => cache.list(namespace),
    byIndex: (name, value) => cache.byIndex(name, value),
    onChange(handler) {
      handlers.push(handler);
      for (const object of cache.list()) call(handler, { type: "added", object, previous: undefined });
    },
    start(signal) {
      if (started) throw new InvariantError(`the informer of ${resource.plural} is started twice`);
      started = true;
      const mirror = mirrorInto(cache, tell, () => synced.resolve());
      reflect(client, resource, { ...options, keep: keeping(options), signal }, mirror).catch((error: unknown) => {
        log.fatal({ err: error, resource: resource.plural }, "reflector ended");
        synced.reject(error);
      });
    },
    synced: () => synced.promise,
  };
};

function keeping<T extends KubeObject>({ keep }: InformerOptions<T>): (object: T) => T {
  return (object) => {
    delete object.metadata?.managedFields;
    return keep ? keep(object) : object;
  };
}

function mirrorInto<T extends KubeObject>(
  cache: ObjectCache<T>,
  tell: (change: Change<T>) => void,
  onSynced: () => void,
): Mirror<T> {
  function put(object: T): void {
    const previous = cache.put(object);
    if (previous && sameRevision(previous, object)) return;
    if (previous && previous.metadata?.uid !== object.metadata?.uid) {
      // Deleted and created again while nobody watched.
      tell({ type: "deleted", object: previous, previous });
      tell({ type: "added", object, previous: undefined });
      return;
    }
    tell({ type: previous ? "updated" : "added", object, previous });
  }

  function remove(key: string, last?: T): void {
    const previous = cache.remove(key);
    const object = last ?? previous;
    if (previous && object) tell({ type: "deleted", object, previous });
  }

  return {
    onReplace(objects) {
      const present = new Set(objects.map(cacheKeyOf));
      for (const key of cache.keys()) if (!present.has(key)) remove(key);
      for (const object of objects) put(object);
      onSynced();
    },
    onEvent(event) {
      if (event.type === "DELETED") remove(cacheKeyOf(event.object), event.object);
      else put(event.object);
    },
  };
}

function sameRevision(a: KubeObject, b: KubeObject): boolean {
  return a.metadata?.resourceVersion !== undefined && a.metadata.resourceVersion === b.metadata?.resourceVersion;
}
