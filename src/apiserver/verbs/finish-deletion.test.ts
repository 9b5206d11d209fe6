import assert from "node:assert/strict";
import { test } from "node:test";
import { type PodDisruptionBudget, podDisruptionBudgets } from "../../../api/policy.ts";
import { createMemoryStore } from "../../store/memory.ts";
import { builtinKinds } from "../registry/builtin.ts";
import { createRegistry } from "../registry/registry.ts";
import { startCache } from "../storage/cache.ts";
import { createObjects, type Objects } from "../storage/objects.ts";
import type { Api } from "./call.ts";
import { createObject } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { systemOperation } from "./system-operation.ts";
import { updateObject } from "./update.ts";

test("an object goes with its last finalizer, also when its status is counted down at that moment", async () => {
  const stop = new AbortController();
  const store = createMemoryStore();
  const objects = createObjects(store, await startCache(store, stop.signal, assert.ifError));
  const registry = createRegistry(builtinKinds);
  const kind = registry.findAny(podDisruptionBudgets.group, podDisruptionBudgets.plural);
  assert.ok(kind);
  const target = { namespace: "default", name: "budget" };
  let evictions = 0;
  const raced: Objects = {
    ...objects,
    async remove(kind, entry) {
      evictions += 1;
      if (evictions === 1) await objects.update(kind, target, (budget) => ({ ...budget, status: { evictions } }));
      return objects.remove(kind, entry);
    },
  };
  const api = { registry, objects: raced, admission: [], stopping: stop.signal } as unknown as Api;
  const operation = systemOperation(api, kind, target.namespace, target.name);
  const finalizers = ["example.com/hold"];
  const budget: PodDisruptionBudget = { metadata: { ...target, finalizers }, spec: { selector: {} } };
  await createObject(operation, budget);
  await deleteObject(operation, target.name, {});
  await updateObject(operation, ({ metadata, ...budget }) => ({
    ...budget,
    metadata: { ...metadata, finalizers: [] },
  }));
  assert.equal(evictions, 2);
  assert.equal(await objects.find(kind, target.namespace, target.name), undefined);
  stop.abort();
});
