import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps } from "../../../api/core.ts";
import { createMemoryStore } from "../../store/memory.ts";
import { builtinKinds } from "../registry/builtin.ts";
import { createRegistry } from "../registry/registry.ts";
import { startCache } from "./cache.ts";
import { createObjects } from "./objects.ts";

test("a writer who was overtaken while it made up its mind goes on at once", async () => {
  const stop = new AbortController();
  const store = createMemoryStore();
  const objects = createObjects(store, await startCache(store, stop.signal, assert.ifError));
  const kind = createRegistry(builtinKinds).findAny(configMaps.group, configMaps.plural);
  assert.ok(kind);
  const target = { namespace: "default", name: "a" };
  await objects.create(kind, { apiVersion: "v1", kind: "ConfigMap", metadata: target });
  let attempts = 0;
  const begun = performance.now();
  const { object } = await objects.update(kind, target, async (current) => {
    attempts += 1;
    if (attempts === 1) {
      await objects.update(kind, target, (latest) => ({
        ...latest,
        metadata: { ...latest.metadata, labels: { faster: "yes" } },
      }));
      await objects.find(kind, target.namespace, target.name);
    }
    return { ...current, metadata: { ...current.metadata, annotations: { slower: "yes" } } };
  });
  assert.deepEqual([object.metadata?.labels, object.metadata?.annotations], [{ faster: "yes" }, { slower: "yes" }]);
  assert.equal(attempts, 2);
  assert.ok(performance.now() - begun < 500, "without waiting for a write of anybody else");
  stop.abort();
});
