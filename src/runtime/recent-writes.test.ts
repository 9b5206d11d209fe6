import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/meta.ts";
import type { Change, Informer } from "../client/informer.ts";
import { overlayRecentWrites } from "./recent-writes.ts";

/** The part of an informer that is looked at, moved by hand. */
function handInformer() {
  const objects = new Map<string, KubeObject>();
  const handlers: ((change: Change<KubeObject>) => void)[] = [];
  const informer = {
    get: (_: string | undefined, name: string) => objects.get(name),
    list: () => [...objects.values()],
    onChange: (handler: (change: Change<KubeObject>) => void) => void handlers.push(handler),
  } as unknown as Informer<KubeObject>;
  const tell = (type: Change<KubeObject>["type"], object: KubeObject) => {
    const name = object.metadata?.name ?? "";
    const previous = objects.get(name);
    if (type === "deleted") objects.delete(name);
    else objects.set(name, object);
    for (const handler of handlers) handler({ type, object, previous });
  };
  return { informer, tell };
}

const object = (name: string, revision: number, more: object = {}): KubeObject => ({
  metadata: { name, namespace: "n", uid: `uid-${name}`, resourceVersion: String(revision), ...more },
});

function setUp(now = Date.now) {
  const { informer, tell } = handInformer();
  const view = overlayRecentWrites(informer, now);
  const seen = () => view.list("n").map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`);
  return { view, tell, seen };
}

test("what was created counts before the informer shows it, and once", () => {
  const { view, tell, seen } = setUp();
  view.wrote(object("a", 5));
  assert.deepEqual(seen(), ["a@5"]);
  tell("added", object("a", 5));
  assert.deepEqual(seen(), ["a@5"]);
  tell("updated", object("a", 9));
  assert.deepEqual(seen(), ["a@9"]);
});

test("an older event does not take a write back", () => {
  const { view, tell, seen } = setUp();
  tell("added", object("a", 3));
  view.wrote(object("a", 7));
  tell("updated", object("a", 5));
  assert.deepEqual(seen(), ["a@7"]);
});

test("an answer that comes after a newer event is old", () => {
  const { view, tell, seen } = setUp();
  tell("added", object("a", 9));
  view.wrote(object("a", 7));
  assert.deepEqual(seen(), ["a@9"]);
});

test("an answer that comes after the object went does not bring it back", () => {
  const { view, tell, seen } = setUp();
  tell("added", object("a", 5));
  tell("deleted", object("a", 6));
  view.wrote(object("a", 5));
  assert.deepEqual(seen(), []);
});

test("what was deleted does not count, until the informer says how it went on", () => {
  const { view, tell, seen } = setUp();
  tell("added", object("a", 5));
  view.deleted(object("a", 5));
  assert.deepEqual(seen(), []);
  tell("updated", object("a", 6, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
  assert.deepEqual(seen(), ["a@6"]);
});

test("a namesake that came later is not the one that was deleted", () => {
  const { view, tell, seen } = setUp();
  tell("added", object("a", 8, { uid: "another" }));
  view.deleted(object("a", 5));
  assert.deepEqual(seen(), ["a@8"]);
});

test("what the informer never shows is not believed for ever", () => {
  let nowMs = 0;
  const { view, seen } = setUp(() => nowMs);
  view.wrote(object("a", 5));
  nowMs = 300_000;
  assert.deepEqual(seen(), ["a@5"]);
  nowMs += 1;
  assert.deepEqual(seen(), []);
});
