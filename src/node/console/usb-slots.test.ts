import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { test } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { createUsbSlots } from "./usb-slots.ts";

const one = { pid: 1, startTicks: 1 };
const other = { pid: 2, startTicks: 1 };

test("each client has a slot of its own, and leaves it to the next", async () => {
  const asked: number[] = [];
  const slots = createUsbSlots((_, slot) => {
    asked.push(slot);
    return Promise.resolve(new Socket());
  });
  const first = await slots.open(one);
  for (let count = 1; count < 4; count++) await slots.open(one);
  await assert.rejects(slots.open(one), (error) => error instanceof StatusError && error.code === 503);
  await slots.open(other);
  first.destroy();
  await once(first, "close");
  await slots.open(one);
  assert.deepEqual(asked, [0, 1, 2, 3, 0, 0]);
});

test("a slot that could not be reached is free", async () => {
  const slots = createUsbSlots(() => Promise.reject(new Error("gone")));
  for (let attempt = 0; attempt < 6; attempt++) await assert.rejects(slots.open(one), /gone/);
});
