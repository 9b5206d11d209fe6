import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreFullError } from "../store/store.ts";
import { expireEvents } from "./expire-events.ts";
import type { Objects } from "./storage/objects.ts";

test("old events go once the full disk that kept them has room again", async () => {
  const stop = new AbortController();
  const entry = { key: "/events/default/a", revision: 7, object: { lastTimestamp: "2026-01-01T00:00:00Z" } };
  const deleted = Promise.withResolvers<unknown[]>();
  let isFull = true;
  const store = {
    delete(...asked: unknown[]) {
      if (isFull) return Promise.reject(new StoreFullError("no space left on device"));
      deleted.resolve(asked);
      return Promise.resolve();
    },
  };
  const objects = { cache: { list: () => [entry] }, store } as unknown as Objects;
  const expiry = expireEvents(objects, stop.signal, 1);
  await new Promise(setImmediate);
  isFull = false;
  await Promise.race([deleted.promise, expiry]);
  assert.deepEqual(await deleted.promise, ["/events/default/a", 7]);
  stop.abort();
  await expiry;
});
