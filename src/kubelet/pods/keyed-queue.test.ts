import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createKeyedQueue } from "./keyed-queue.ts";

test("a key runs once at a time, and once more when it was woken meanwhile", async () => {
  let running = 0;
  let runs = 0;
  const queue = createKeyedQueue(async (key) => {
    running += 1;
    runs += 1;
    assert.equal(running, 1);
    if (runs === 1) {
      queue.wake(key);
      queue.wake(key);
    }
    await delay(5);
    running -= 1;
  });
  queue.wake("a");
  queue.wake("a");
  await delay(50);
  assert.equal(runs, 2);
  await queue.close();
});

test("different keys run side by side", async () => {
  const order: string[] = [];
  const queue = createKeyedQueue(async (key) => {
    order.push(`${key} begins`);
    await delay(key === "slow" ? 30 : 1);
    order.push(`${key} ends`);
  });
  queue.wake("slow");
  queue.wake("fast");
  await delay(60);
  assert.deepEqual(order, ["slow begins", "fast begins", "fast ends", "slow ends"]);
  await queue.close();
});

test("a later time replaces an earlier one; waking comes first; closed, nothing runs", async () => {
  let runs = 0;
  const queue = createKeyedQueue(async () => {
    runs += 1;
    await Promise.resolve();
  });
  queue.wakeAt("a", Date.now() + 5);
  queue.wakeAt("a", Date.now() + 300);
  await delay(15);
  assert.equal(runs, 0);
  await delay(350);
  assert.equal(runs, 1);
  queue.wakeAt("a", Date.now() + 5);
  await queue.close();
  await delay(15);
  assert.equal(runs, 1);
});
