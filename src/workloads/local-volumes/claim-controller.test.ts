import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import type { Change } from "../../client/informer.ts";
import { type ClaimControllerOptions, startClaimController } from "./claim-controller.ts";
import { claimProtection } from "./plan.ts";

/** Of objects that stay as they are. */
function informerOf(...objects: KubeObject[]) {
  return {
    synced: () => Promise.resolve(),
    get: (namespace: string | undefined, name: string) =>
      objects.find(({ metadata }) => metadata?.namespace === namespace && metadata?.name === name),
    list: () => objects,
    onChange(handler: (change: Change<KubeObject>) => void) {
      for (const object of objects) handler({ type: "added", object, previous: undefined });
    },
  };
}

test("a claim that is bound keeps the finalizers of others, and they who add one meanwhile are seen first", async (t) => {
  const spec = { accessModes: ["ReadWriteOnce"], storageClassName: "local" };
  const metadata = { name: "c", namespace: "n", uid: "u", resourceVersion: "7", finalizers: ["example.org/backup"] };
  const claim = { metadata, spec: { ...spec, resources: { requests: { storage: "1Gi" } } } };
  const volume = { metadata: { name: "v", resourceVersion: "3" }, spec: { ...spec, capacity: { storage: "2Gi" } } };
  const patches: [string, KubeObject][] = [];
  const ended = new AbortController();
  t.after(() => ended.abort());
  startClaimController({
    client: {
      patch: ({ plural }: Resource, _: unknown, { body }: { body: KubeObject }) =>
        Promise.resolve(patches.push([plural, body])),
      updateStatus: () => Promise.resolve(),
    },
    claims: informerOf(claim),
    volumes: informerOf(volume),
    storageClasses: informerOf(),
    pods: informerOf(),
    volumesDir: "/nonexistent",
    events: { record: () => undefined },
    signal: ended.signal,
  } as unknown as ClaimControllerOptions);
  for (let turn = 0; turn < 200 && patches.length < 2; turn++) await delay(10);
  const [[, reserved] = [], [plural, bound] = []] = patches;
  assert.equal(reserved?.metadata?.resourceVersion, "3");
  assert.equal(plural, "persistentvolumeclaims");
  assert.deepEqual(bound?.metadata, { resourceVersion: "7", finalizers: ["example.org/backup", claimProtection] });
});
