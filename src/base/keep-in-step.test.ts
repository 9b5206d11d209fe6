import { deepEqual, equal, rejects } from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { keepInStep } from "./keep-in-step.ts";

/** A place that is written slowly: the test says when each write ends. */
function slowPlace(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const errors: unknown[] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  const place = { known: 0, written: 0 };
  const stop = new AbortController();
  const step = keepInStep({
    async work() {
      const value = place.known;
      const write = Promise.withResolvers<void>();
      writes.push(write);
      await write.promise;
      place.written = value;
    },
    settleMs: 20,
    retryMs: 1_000,
    onError: (error) => errors.push(error),
    signal: stop.signal,
  });
  const learn = (value: number): void => {
    place.known = value;
    step.changed();
  };
  const pass = async (milliseconds: number): Promise<void> => {
    t.mock.timers.tick(milliseconds);
    await turn();
  };
  return { errors, learn, pass, place, step, stop, writes };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a burst of changes is one write", async (t) => {
  const { learn, pass, place, writes } = slowPlace(t);
  for (const value of [1, 2, 3]) learn(value);
  await pass(20);
  equal(writes.length, 1);
  writes[0]?.resolve();
  await turn();
  equal(place.written, 3);
});

test("what becomes known during a slow write is written after it, never before", async (t) => {
  const { learn, pass, place, writes } = slowPlace(t);
  learn(1);
  await pass(20);
  learn(2);
  await pass(20);
  equal(writes.length, 1, "no second writer beside the first");
  writes[0]?.resolve();
  await turn();
  equal(writes.length, 2);
  writes[1]?.resolve();
  await turn();
  equal(place.written, 2);
});

test("a write that failed is told and tried again, with what is known then", async (t) => {
  const { errors, learn, pass, place, writes } = slowPlace(t);
  learn(1);
  await pass(20);
  writes[0]?.reject(new Error("no room"));
  await turn();
  deepEqual(errors, [new Error("no room")]);
  learn(2);
  await pass(1_000);
  writes[1]?.resolve();
  await turn();
  equal(place.written, 2);
});

test("who needs it now waits for its own write, and hears of its failure", async (t) => {
  const { place, step, writes } = slowPlace(t);
  place.known = 7;
  const done = step.now();
  await turn();
  writes[0]?.resolve();
  await done;
  equal(place.written, 7);
  const failing = rejects(step.now(), /no room/);
  await turn();
  writes[1]?.reject(new Error("no room"));
  await failing;
});

test("nothing is written, nor told, after the end", async (t) => {
  const { errors, learn, pass, stop, writes } = slowPlace(t);
  learn(1);
  await pass(20);
  stop.abort();
  writes[0]?.reject(new Error("killed"));
  await turn();
  learn(2);
  await pass(1_000);
  deepEqual([errors, writes.length], [[], 1]);
});

test("a change that has not settled by the end is not written", async (t) => {
  const { learn, pass, stop, writes } = slowPlace(t);
  learn(1);
  stop.abort();
  await pass(20);
  equal(writes.length, 0);
});
