import assert from "node:assert/strict";
import { test } from "node:test";
import { limitInFlight } from "./in-flight.ts";

test("refuses what is too much, and takes more when something is done", async () => {
  const inFlight = limitInFlight(1);
  const first = Promise.withResolvers<void>();
  const running = inFlight.run(() => first.promise);
  await assert.rejects(
    inFlight.run(async () => undefined),
    { code: 429 },
  );
  first.resolve();
  await running;
  assert.equal(await inFlight.run(async () => "done"), "done");
});

test("gives up on what takes too long", async () => {
  await assert.rejects(
    limitInFlight(1, 5).run(() => new Promise(() => undefined)),
    { code: 504 },
  );
});
