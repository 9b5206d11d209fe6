import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "../base/property.fixture.ts";
import { createVirtualClock } from "./virtual-clock.ts";
import { createWorkqueue } from "./workqueue.ts";

function create(options = {}) {
  const clock = createVirtualClock();
  return { clock, queue: createWorkqueue({ clock, firstDelayMs: 10, longestDelayMs: 100, ...options }) };
}

describe("work queue", () => {
  it("hands out keys in order of arrival, each once however often it was added", async () => {
    const { queue } = create();
    for (const key of ["a", "b", "a", "c", "b"]) queue.add(key);
    assert.equal(queue.length, 3);
    assert.deepEqual([await queue.next(), await queue.next(), await queue.next()], ["a", "b", "c"]);
  });

  it("keeps a key that is added in flight until it is done", async () => {
    const { queue } = create();
    queue.add("a");
    await queue.next();
    queue.add("a");
    assert.equal(queue.length, 0);
    queue.done("a");
    assert.equal(queue.length, 1);
    assert.equal(await queue.next(), "a");
    queue.done("a");
    assert.equal(queue.length, 0);
  });

  it("adds after a delay; the earliest of several counts", () => {
    const { queue, clock } = create();
    queue.addAfter("a", 50);
    queue.addAfter("a", 20);
    queue.addAfter("a", 90);
    clock.pass(19);
    assert.equal(queue.length, 0);
    clock.pass(1);
    assert.equal(queue.length, 1);
    clock.pass(200);
    assert.equal(queue.length, 1);
    assert.equal(clock.untilNext(), undefined);
  });

  it("doubles the delay with each failure of a key, up to a limit, until it is forgotten", async () => {
    const { queue, clock } = create();
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      queue.addRateLimited("a");
      waits.push(clock.untilNext() ?? 0);
      clock.pass(1000);
      queue.done((await queue.next()) ?? "");
    }
    assert.deepEqual(waits, [10, 20, 40, 80, 100, 100]);
    assert.equal(queue.failures("a"), 6);
    queue.addRateLimited("b");
    assert.equal(clock.untilNext(), 10);
    queue.forget("a");
    queue.addRateLimited("a");
    assert.equal(clock.untilNext(), 10);
  });

  it("lets go of everyone who waits when it is shut down", async () => {
    const { queue, clock } = create();
    const waiting = [queue.next(), queue.next()];
    queue.addAfter("a", 10);
    queue.shutDown();
    clock.pass(100);
    queue.add("b");
    assert.deepEqual(await Promise.all([...waiting, queue.next()]), [undefined, undefined, undefined]);
    assert.equal(queue.length, 0);
  });

  it("never loses an addition and never works on a key twice at a time, whatever happens", async () => {
    const action = fc.oneof(
      fc.record({ do: fc.constantFrom("add", "addRateLimited", "done", "take"), key: fc.constantFrom("a", "b", "c") }),
      fc.record({ do: fc.constant("addAfter"), key: fc.constantFrom("a", "b", "c"), ms: fc.nat(200) }),
      fc.record({ do: fc.constant("pass"), key: fc.constant(""), ms: fc.nat(200) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 80 }), async (actions) => {
        const { queue, clock } = create();
        const inFlight = new Set<string>();
        /** Keys that must still be handed out after now. */
        const owed = new Set<string>();
        const take = async () => {
          const key = (await queue.next()) ?? "";
          assert.ok(!inFlight.has(key), `${key} is in flight twice`);
          inFlight.add(key);
          owed.delete(key);
        };
        for (const step of actions) {
          if (step.do === "pass") clock.pass((step as { ms: number }).ms);
          else if (step.do === "take" && queue.length > 0) await take();
          else if (step.do === "done" && inFlight.delete(step.key)) queue.done(step.key);
          else if (step.do === "add") queue.add(step.key);
          else if (step.do === "addRateLimited") queue.addRateLimited(step.key);
          else if (step.do === "addAfter") queue.addAfter(step.key, (step as { ms: number }).ms);
          if (step.do.startsWith("add")) owed.add(step.key);
        }
        clock.pass(10_000);
        for (const key of inFlight) queue.done(key);
        inFlight.clear();
        while (queue.length > 0) await take();
        assert.deepEqual([...owed], []);
      }),
    );
  });

  it("serves several takers", async () => {
    const { queue } = create();
    const taken: string[] = [];
    const takers = Array.from({ length: 3 }, async () => {
      for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
        taken.push(key);
        await turn();
        queue.done(key);
      }
    });
    for (let i = 0; i < 30; i++) queue.add(`${i}`);
    while (taken.length < 30) await turn();
    queue.shutDown();
    await Promise.all(takers);
    assert.equal(new Set(taken).size, 30);
  });
});
