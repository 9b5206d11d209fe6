import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pino from "pino";
import type { CustomResourceDefinition } from "../../../api/apiextensions.ts";
import { customResourceDefinitions } from "../../../api/apiextensions.ts";
import type { Journal } from "../../store/journal.ts";
import { createStore } from "../../store/create-store.ts";
import { createHistory } from "../../store/history.ts";
import { StoreFullError } from "../../store/store.ts";
import { builtinKinds } from "../registry/builtin.ts";
import { createRegistry } from "../registry/registry.ts";
import { startCache } from "../storage/cache.ts";
import { createObjects } from "../storage/objects.ts";
import type { Api } from "../verbs/call.ts";
import { createObject } from "../verbs/create.ts";
import { deleteObject } from "../verbs/delete.ts";
import { systemOperation } from "../verbs/system-operation.ts";
import { followDefinitions } from "./definitions.ts";

const name = "widgets.example.com";
const namespace = "default";

/** Writes are durable at once, or one batch after the other when the test says so. */
function slowJournal() {
  const batches: PromiseWithResolvers<void>[] = [];
  let isHeld = false;
  const journal: Journal = {
    append() {
      const batch = Promise.withResolvers<void>();
      if (isHeld) batches.push(batch);
      else batch.resolve();
      return batch.promise;
    },
    compact: async () => undefined,
    close: async () => undefined,
  };
  const hold = (): void => {
    isHeld = true;
  };
  const release = async (): Promise<void> => {
    await until(() => batches.length > 0);
    batches.shift()?.resolve();
  };
  const letGo = (): void => {
    isHeld = false;
    for (const batch of batches.splice(0)) batch.resolve();
  };
  return { journal, hold, release, letGo, batches };
}

async function until(holds: () => boolean, timeoutMs = 2_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !holds(); await delay(1))
    assert.ok(Date.now() < deadline, `not in time: ${holds.toString()}`);
}

async function followed(journal: Journal) {
  const store = createStore(createHistory({ values: [], revision: 0 }), journal);
  const stop = new AbortController();
  const cache = await startCache(store, stop.signal, assert.ifError);
  const objects = createObjects(store, cache);
  const registry = createRegistry(builtinKinds);
  const api = { registry, objects, admission: [], stopping: stop.signal } as unknown as Api;
  await followDefinitions(api, pino({ level: "silent" }));
  const kind = registry.findAny(customResourceDefinitions.group, customResourceDefinitions.plural);
  assert.ok(kind);
  const find = () => cache.get(`/registry/apiextensions.k8s.io/customresourcedefinitions/${name}`)?.object;
  return { api, kind, stop, find, operation: systemOperation(api, kind, undefined) };
}

function definition(): CustomResourceDefinition {
  const schema = { openAPIV3Schema: { type: "object" } };
  return {
    metadata: { name },
    spec: {
      group: "example.com",
      names: { plural: "widgets", kind: "Widget" },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}

const isEstablished = (object: unknown): boolean =>
  (object as CustomResourceDefinition | undefined)?.status?.conditions?.some(({ type }) => type === "Established") ??
  false;

test("a definition goes with its last instance, also when that goes while the definition's status is written", async () => {
  const { journal, hold, release, letGo, batches } = slowJournal();
  const { api, operation, find, stop } = await followed(journal);
  await createObject(operation, definition());
  await until(() => isEstablished(find()));
  const widgets = api.registry.findAny("example.com", "widgets");
  assert.ok(widgets);
  const widget = { metadata: { name: "last", namespace, finalizers: ["example.com/hold"] } };
  await createObject(systemOperation(api, widgets, namespace), widget);
  await deleteObject(systemOperation(api, widgets, namespace), "last", {});
  const bare = await api.objects.update(widgets, { namespace, name: "last" }, ({ metadata, ...rest }) => {
    const { finalizers: _, ...others } = metadata ?? {};
    return { ...rest, metadata: others };
  });

  hold();
  const deleted = deleteObject(operation, name, {});
  await until(() => batches.length === 1);
  const gone = api.objects.remove(widgets, bare);
  await release(); // of the definition it is known now that it is to go: its instance is still there
  await deleted;
  await until(() => batches.length === 1);
  await delay(20); // so its status, that it is going, waits behind the instance's end
  await release();
  await gone;
  await until(() => batches.length === 1);
  await delay(20);
  letGo();
  await until(() => find() === undefined);
  stop.abort();
});

test("a definition whose status could not be written is looked at again", async () => {
  const { journal } = slowJournal();
  let isFull = false;
  const append: Journal["append"] = async (rows) => {
    if (isFull) throw new StoreFullError("the disk is full");
    return journal.append(rows);
  };
  const { operation, find, stop } = await followed({ ...journal, append });
  await createObject(operation, definition());
  isFull = true;
  await delay(20);
  assert.equal(isEstablished(find()), false);
  isFull = false;
  await until(() => isEstablished(find()));
  stop.abort();
});
