/**
 * A model of the API server for property tests: one map of objects with the rules that controllers rely on
 * (resource versions, finalizers, preconditions, unique names), and copies of it that lag behind as informers do.
 * Small enough to be right by reading; the real API server is tested with the same controllers in test/vm-api.
 */
import type { KubeObject, Resource } from "../../api/meta.ts";
import { StatusError } from "../base/errors.ts";
import type { Client, ObjectKey } from "../client/client.ts";
import type { Change, Informer } from "../client/informer.ts";

export interface World {
  client: Client;
  /** What the server has now. */
  list<T extends KubeObject>(resource: Resource<T>): T[];
  put<T extends KubeObject>(resource: Resource<T>, object: T): void;
  remove(resource: Resource, key: ObjectKey): void;
  /** A copy that is as old as the last `catchUp` of its kind. */
  informer<T extends KubeObject>(resource: Resource<T>, indexes?: Record<string, (object: T) => string[]>): Informer<T>;
  catchUp(plural: string): void;
}

type Objects = Map<string, KubeObject>;
type Handler = (change: Change<KubeObject>) => void;

export function createWorld(): World {
  const server = new Map<string, Objects>();
  const copies = new Map<string, KubeObject[]>();
  const handlers = new Map<string, Handler[]>();
  /** What went since the copies last caught up: a watch tells of it, though it may have come since, too. */
  const departed = new Map<string, KubeObject[]>();
  let revision = 0;
  let uids = 0;

  const objectsOf = (resource: Pick<Resource, "plural">): Objects => {
    const objects = server.get(resource.plural) ?? new Map<string, KubeObject>();
    server.set(resource.plural, objects);
    return objects;
  };
  const keyOf = ({ namespace, name }: { namespace?: string; name?: string }): string =>
    `${namespace ?? ""}/${name ?? ""}`;

  function find(resource: Resource, key: ObjectKey): KubeObject {
    const object = objectsOf(resource).get(keyOf(key));
    if (object === undefined) throw new StatusError("NotFound", `${resource.plural} "${key.name}" not found`);
    return object;
  }

  /** An object whose last finalizer goes while it is being deleted goes with it. */
  function store<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const { deletionTimestamp, finalizers = [] } = object.metadata ?? {};
    const key = keyOf(object.metadata ?? {});
    const stored = stamped(object);
    if (deletionTimestamp !== undefined && finalizers.length === 0 && resource.plural !== "pods") depart(resource, key);
    else objectsOf(resource).set(key, stored);
    return structuredClone(stored);
  }

  function depart(resource: Resource, key: string): void {
    const object = objectsOf(resource).get(key);
    if (object) departed.set(resource.plural, [...(departed.get(resource.plural) ?? []), object]);
    objectsOf(resource).delete(key);
  }

  function stamped<T extends KubeObject>(object: T): T {
    revision += 1;
    return structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
  }

  function replace<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const stored = find(resource, { namespace: object.metadata?.namespace, name: object.metadata?.name ?? "" });
    const { uid, resourceVersion } = object.metadata ?? {};
    if (stored.metadata?.uid !== uid || stored.metadata?.resourceVersion !== resourceVersion) {
      throw new StatusError("Conflict", `${resource.plural} "${object.metadata?.name}" changed`);
    }
    const generation = (stored.metadata?.generation ?? 1) + (changesSpec(stored, object) ? 1 : 0);
    return store(resource, { ...object, metadata: { ...object.metadata, generation } });
  }

  const client = {
    get: (resource: Resource, key: ObjectKey) => attempt(() => structuredClone(find(resource, key))),
    list: (resource: Resource, { labelSelector = "" } = {}) =>
      attempt(() => {
        const [label = "", value] = labelSelector.split("=");
        const items = [...objectsOf(resource).values()].filter((each) => each.metadata?.labels?.[label] === value);
        return { metadata: {}, items };
      }),
    create: (resource: Resource, object: KubeObject) =>
      attempt(() => {
        const key = keyOf(object.metadata ?? {});
        if (objectsOf(resource).has(key))
          throw new StatusError("AlreadyExists", `${resource.plural} ${key} already exists`);
        uids += 1;
        const metadata = { ...object.metadata, uid: `uid-${uids}`, generation: 1 };
        objectsOf(resource).set(key, stamped({ ...object, metadata }));
        return structuredClone(objectsOf(resource).get(key));
      }),
    update: (resource: Resource, object: KubeObject) => attempt(() => replace(resource, object)),
    updateStatus: (resource: Resource, object: KubeObject) => attempt(() => replace(resource, object)),
    patch: (
      resource: Resource,
      key: ObjectKey,
      { body }: { body: { metadata: KubeObject["metadata"]; status?: object } },
    ) =>
      attempt(() => {
        const object = find(resource, key);
        if (body.metadata?.uid !== object.metadata?.uid) throw new StatusError("Conflict", "another object");
        const labels = { ...object.metadata?.labels, ...body.metadata?.labels };
        const ownerReferences = body.metadata?.ownerReferences ?? object.metadata?.ownerReferences;
        const status = { ...(object as { status?: object }).status, ...body.status };
        const metadata = { ...object.metadata, labels, ...(ownerReferences && { ownerReferences }) };
        return store(resource, { ...object, metadata, ...(body.status && { status }) });
      }),
    delete: (
      resource: Resource,
      key: ObjectKey,
      options: { preconditions?: { uid?: string }; gracePeriodSeconds?: number } = {},
    ) =>
      attempt(() => {
        const object = find(resource, key);
        const { uid } = options.preconditions ?? {};
        if (uid !== undefined && uid !== object.metadata?.uid) throw new StatusError("Conflict", "another object");
        const grace =
          resource.plural === "pods" ? { deletionGracePeriodSeconds: options.gracePeriodSeconds ?? 30 } : {};
        store(resource, {
          ...object,
          metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T00:00:00Z", ...grace },
        });
      }),
  };

  return {
    client: client as unknown as Client,
    list: <T extends KubeObject>(resource: Resource<T>) => structuredClone([...objectsOf(resource).values()]) as T[],
    put: (resource, object) => void store(resource, object),
    remove: (resource, key) => depart(resource, keyOf(key)),
    catchUp(plural) {
      const before = [...(copies.get(plural) ?? []), ...(departed.get(plural) ?? [])];
      departed.delete(plural);
      const after = structuredClone([...objectsOf({ plural }).values()]);
      copies.set(plural, after);
      for (const change of changesBetween(before, after))
        for (const handle of handlers.get(plural) ?? []) handle(change);
    },
    informer: <T extends KubeObject>(resource: Resource<T>, indexes: Record<string, (object: T) => string[]> = {}) => {
      const all = () => (copies.get(resource.plural) ?? []) as T[];
      return {
        resource,
        get: (namespace, name) =>
          all().find((each) => each.metadata?.namespace === namespace && each.metadata?.name === name),
        list: (namespace) => all().filter((each) => namespace === undefined || each.metadata?.namespace === namespace),
        byIndex: (index, value) => all().filter((each) => indexes[index]?.(each).includes(value)),
        onChange: (handler) =>
          void handlers.set(resource.plural, [...(handlers.get(resource.plural) ?? []), handler as unknown as Handler]),
        start: () => undefined,
        synced: () => Promise.resolve(),
      } satisfies Informer<T>;
    },
  };
}

function changesBetween(before: readonly KubeObject[], after: readonly KubeObject[]): Change<KubeObject>[] {
  const uidOf = ({ metadata }: KubeObject): string => metadata?.uid ?? "";
  const [were, are] = [before, after].map((objects) => new Map(objects.map((object) => [uidOf(object), object])));
  return [
    ...before
      .filter((object) => !are?.has(uidOf(object)))
      .map((object): Change<KubeObject> => ({ type: "deleted", object, previous: object })),
    ...after
      .map((object): Change<KubeObject> => {
        const previous = were?.get(uidOf(object));
        return { type: previous ? "updated" : "added", object, previous };
      })
      .filter(({ object, previous }) => object.metadata?.resourceVersion !== previous?.metadata?.resourceVersion),
  ];
}

function changesSpec(before: KubeObject, after: KubeObject): boolean {
  const specOf = (object: KubeObject): string => JSON.stringify((object as { spec?: unknown }).spec);
  return specOf(before) !== specOf(after);
}

/** As a request: what it throws is a rejection. */
function attempt<T>(action: () => T): Promise<T> {
  return new Promise((resolve) => resolve(action()));
}
