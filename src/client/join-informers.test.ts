import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pod, pods } from "../../api/core.ts";
import type { Change, Informer } from "./informer.ts";
import { joinInformers } from "./join-informers.ts";

/** A copy that the test changes by hand. */
function part(): Informer<Pod> & { put(pod: Pod): void; lose(pod: Pod): void } {
  const held = new Map<string, Pod>();
  const handlers: ((change: Change<Pod>) => void)[] = [];
  const tell = (change: Change<Pod>) => handlers.forEach((handler) => handler(change));
  return {
    resource: pods,
    get: (_namespace, name) => held.get(name),
    list: () => [...held.values()],
    byIndex: () => [...held.values()],
    onChange: (handler) => void handlers.push(handler),
    start: () => undefined,
    synced: () => Promise.resolve(),
    put(pod) {
      held.set(pod.metadata?.name ?? "", pod);
      tell({ type: "added", object: pod, previous: undefined });
    },
    lose(pod) {
      held.delete(pod.metadata?.name ?? "");
      tell({ type: "deleted", object: pod, previous: pod });
    },
  };
}

const podAt = (resourceVersion: string, name = "one"): Pod => ({
  metadata: { name, namespace: "default", resourceVersion },
});

test("shows the newest of several copies, and each object once", () => {
  const [left, right] = [part(), part()];
  const joined = joinInformers(left, right);
  left.put(podAt("9"));
  right.put(podAt("10"));
  right.put(podAt("3", "two"));
  assert.equal(joined.get("default", "one")?.metadata?.resourceVersion, "10");
  assert.deepEqual(
    joined.list().map(({ metadata }) => [metadata?.name, metadata?.resourceVersion]),
    [
      ["one", "10"],
      ["two", "3"],
    ],
  );
});

test("an object that changes hands is never deleted; one that everybody lost is", () => {
  const [left, right] = [part(), part()];
  const seen: string[] = [];
  joinInformers(left, right).onChange(({ type, object }) => seen.push(`${type} ${object.metadata?.resourceVersion}`));
  left.put(podAt("1"));
  right.put(podAt("2"));
  left.lose(podAt("2"));
  right.lose(podAt("3"));
  assert.deepEqual(seen, ["added 1", "added 2", "updated 2", "deleted 3"]);
});
