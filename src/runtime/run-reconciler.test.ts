import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import pino from "pino";
import fc from "../base/property.fixture.ts";
import { StatusError, TerminalError } from "../base/errors.ts";
import type { Reconciler } from "./reconciler.ts";
import { runReconciler } from "./run-reconciler.ts";
import { createVirtualClock } from "./virtual-clock.ts";
import { createWorkqueue } from "./workqueue.ts";

const silent = pino({ level: "silent" });

/** Runs a reconciler on virtual time; `settle` lets everything happen that is going to. */
function start<O, A>(reconciler: Reconciler<O, A>, options: { concurrency?: number } = {}) {
  const clock = createVirtualClock();
  const queue = createWorkqueue({ clock, firstDelayMs: 10, longestDelayMs: 1000 });
  const abort = new AbortController();
  const failures: unknown[] = [];
  const loop = runReconciler(reconciler, {
    signal: abort.signal,
    queue,
    log: silent,
    onFailure: (_, error) => failures.push(error),
    ...options,
  });
  return {
    clock,
    queue,
    loop,
    failures,
    settle: async (rounds = 200) => {
      for (let round = 0; round < rounds; round++) {
        await turn();
        clock.pass(clock.untilNext() ?? 0);
      }
    },
    stop: async () => {
      abort.abort();
      await loop.stopped;
    },
  };
}

describe("runReconciler", () => {
  it("observes, writes the status, then executes the plan in order", async () => {
    const calls: string[] = [];
    const { loop, settle, stop } = start<string, number>({
      name: "test",
      observe: async (key) => key,
      plan: () => [1, 2],
      writeStatus: async (o) => void calls.push(`status ${o}`),
      execute: async (action) => void calls.push(`do ${action}`),
    });
    loop.enqueue("a");
    await settle();
    await stop();
    assert.deepEqual(calls, ["status a", "do 1", "do 2"]);
  });

  it("does nothing for an object that is gone", async () => {
    const { loop, settle, stop, failures } = start<string, number>({
      name: "test",
      observe: async () => undefined,
      plan: () => assert.fail("planned"),
      execute: () => assert.fail("executed"),
    });
    loop.enqueue("a");
    await settle();
    await stop();
    assert.deepEqual(failures, []);
  });

  it("stops at the first action that fails, backs off, and plans anew", async () => {
    const calls: string[] = [];
    let broken = 2;
    const { loop, settle, stop, failures, queue } = start<string, string>({
      name: "test",
      observe: async (key) => key,
      plan: () => ["first", "second"],
      async execute(action) {
        calls.push(action);
        if (action === "first" && broken-- > 0) throw new Error("broken");
      },
    });
    loop.enqueue("a");
    await settle();
    assert.deepEqual(calls, ["first", "first", "first", "second"]);
    assert.equal(failures.length, 2);
    assert.equal(queue.failures("a"), 0);
    await stop();
  });

  it("retries conflicts silently and terminal errors not at all", async () => {
    const executed: string[] = [];
    const { loop, settle, stop, failures } = start<string, string>({
      name: "test",
      observe: async (key) => key,
      plan: (key) => [key],
      async execute(key) {
        executed.push(key);
        if (key === "terminal") throw new TerminalError("Unsupported", "never");
        if (executed.filter((other) => other === key).length === 1) throw new StatusError("Conflict", "changed");
      },
    });
    loop.enqueue("conflict");
    loop.enqueue("terminal");
    await settle();
    await stop();
    assert.deepEqual(executed.toSorted(), ["conflict", "conflict", "terminal"]);
    assert.deepEqual(
      failures.map((error) => error instanceof TerminalError),
      [true],
    );
  });

  it("looks again when asked to", async () => {
    let seen = 0;
    const { loop, settle, stop, clock } = start<number, never>({
      name: "test",
      observe: async () => ++seen,
      plan: () => [],
      execute: async () => undefined,
      requeueAfterMs: (count) => (count < 4 ? 100 : undefined),
    });
    loop.enqueue("a");
    await settle();
    await stop();
    assert.equal(seen, 4);
    assert.equal(clock.now(), 300);
  });

  it("takes the next step of a key before the first of others, but not for ever", async () => {
    const calls: string[] = [];
    const stepsOf = new Map([
      ["three", 3],
      ["endless", Number.POSITIVE_INFINITY],
    ]);
    const { loop, settle, stop } = start<string, string>(
      {
        name: "test",
        observe: (key) => turn(key),
        plan: (key) => [key],
        execute: async (key) => {
          calls.push(key);
          stepsOf.set(key, (stepsOf.get(key) ?? 1) - 1);
        },
        requeueAfterMs: (key) => ((stepsOf.get(key) ?? 1) > 0 ? 0 : undefined),
      },
      { concurrency: 1 },
    );
    for (const key of ["three", "endless", "other"]) loop.enqueue(key);
    await settle();
    await stop();
    assert.deepEqual(calls.slice(0, 4), ["three", "three", "three", "endless"]);
    assert.ok(calls.includes("other"));
  });

  it("ends after the work in flight when the signal aborts", async () => {
    let finished = false;
    const gate = Promise.withResolvers<void>();
    const { loop, stop } = start<string, string>({
      name: "test",
      observe: async (key) => key,
      plan: () => ["slow"],
      async execute() {
        await gate.promise;
        finished = true;
      },
    });
    loop.enqueue("a");
    await turn();
    const stopping = stop();
    gate.resolve();
    await stopping;
    assert.ok(finished);
  });

  it("brings every object to its goal, one worker per key, through any faults and changes of mind", async () => {
    const change = fc.record({ key: fc.constantFrom("a", "b", "c"), goal: fc.nat(5), wait: fc.nat(3) });
    const faults = fc.array(fc.constantFrom("ok", "fail", "conflict", "late"), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), faults, async (changes, schedule) => {
        const world = createWorld(schedule);
        const { loop, settle, stop } = start(world.reconciler, { concurrency: 3 });
        for (const { key, goal, wait } of changes) {
          world.goals.set(key, goal);
          loop.enqueue(key);
          for (let i = 0; i < wait; i++) await turn();
        }
        await settle(400);
        await stop();
        assert.deepEqual(Object.fromEntries(world.actual), Object.fromEntries(world.goals));
        assert.equal(world.mostAtOnce(), 1);
      }),
      { numRuns: 40 },
    );
  });
});

/** Counters to be moved one step at a time to their goals, by actions that sometimes fail, before or after their effect. */
function createWorld(schedule: string[]) {
  const goals = new Map<string, number>();
  const actual = new Map<string, number>();
  const busy = new Map<string, number>();
  let mostAtOnce = 0;

  const reconciler: Reconciler<{ key: string; goal: number; value: number }, { key: string; to: number }> = {
    name: "world",
    async observe(key) {
      busy.set(key, (busy.get(key) ?? 0) + 1);
      mostAtOnce = Math.max(mostAtOnce, busy.get(key) ?? 0);
      await turn();
      busy.set(key, (busy.get(key) ?? 0) - 1);
      const goal = goals.get(key);
      return goal === undefined ? undefined : { key, goal, value: actual.get(key) ?? 0 };
    },
    plan({ key, goal, value }) {
      const step = Math.sign(goal - value);
      return Array.from({ length: Math.abs(goal - value) }, (_, index) => ({ key, to: value + step * (index + 1) }));
    },
    async writeStatus({ key, value }) {
      actual.set(key, value);
    },
    async execute({ key, to }) {
      const fate = schedule.shift() ?? "ok";
      await turn();
      if (fate === "fail") throw new Error("fault");
      if (fate === "conflict") throw new StatusError("Conflict", "somebody else wrote");
      actual.set(key, to);
      if (fate === "late") throw new Error("done, but nobody was told");
    },
  };
  return { goals, actual, reconciler, mostAtOnce: () => mostAtOnce };
}
