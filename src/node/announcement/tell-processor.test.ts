import assert from "node:assert/strict";
import { test } from "node:test";
import pino from "pino";
import type { Processor } from "../../qemu/probe/processor.ts";
import { tellProcessor } from "./tell-processor.ts";

const log = pino({ level: "silent" });
const processor: Processor = { models: ["Penryn"], features: [], vendor: "", hostModel: "max", beyondHostModel: [] };

test("QEMU is asked again until it has told what processors there are", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { signal } = new AbortController();
  let asked = 0;
  const told = tellProcessor(
    () => {
      asked += 1;
      return asked < 3 ? Promise.reject(new Error("no answer within 10000 ms")) : Promise.resolve(processor);
    },
    { log, signal },
  );
  for (const waitMs of [5_000, 10_000]) {
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(waitMs);
  }
  assert.equal(await told, processor);
  assert.equal(asked, 3);
});

test("it is not asked any more once nobody needs to know", async () => {
  const ended = new AbortController();
  const told = tellProcessor(() => Promise.reject(new Error("busy")), { log, signal: ended.signal });
  ended.abort();
  assert.equal(await told, undefined);
});
