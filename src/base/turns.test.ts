import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createTurns } from "./turns.ts";

test("no more work than may at the same time; the urgent before those who came earlier", async () => {
  const turns = createTurns(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<void>((resolve) => ends.set(name, resolve));
  };
  const all = [
    turns.take(0, work("a")),
    turns.take(0, work("b")),
    turns.take(0, work("c")),
    turns.take(1, work("urgent")),
    turns.take(0, work("d")),
    turns.take(1, work("urgent too")),
  ];
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await end("");
  deepEqual(begun, ["a", "b"]);
  await end("a");
  deepEqual(begun, ["a", "b", "urgent"]);
  await end("urgent");
  await end("b");
  deepEqual(begun.slice(3), ["urgent too", "c"]);
  await end("c");
  await end("urgent too");
  await end("d");
  await Promise.all(all);
});

test("work that fails gives its turn to the next", async () => {
  const turns = createTurns(1);
  const failing = turns.take(0, () => Promise.reject(new Error("no")));
  const next = turns.take(0, () => Promise.resolve(1));
  await rejects(failing, /no/);
  equal(await next, 1);
});
