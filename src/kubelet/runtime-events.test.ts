import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import pino from "pino";
import type { CriClient } from "../cri/client.ts";
import { Events } from "../cri/gen/containerd/services/events/v1/events.gen.ts";
import { followRuntimeEvents } from "./runtime-events.ts";

test("what ends before the runtime has begun to tell is seen by a second look", async () => {
  let hasBegun = false;
  const transport = createRouterTransport(({ service }) => {
    service(Events, {
      async *subscribe(_, { signal }) {
        await delay(200);
        hasBegun = true;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        yield* [];
      },
    });
  });
  const cri = { events: createClient(Events, transport) } as CriClient;
  const looks: boolean[] = [];
  const ended = new AbortController();
  const handlers = { onExit: () => undefined, onGap: () => void looks.push(hasBegun) };
  const following = followRuntimeEvents(cri, pino({ level: "silent" }), handlers, ended.signal);
  for (let turn = 0; turn < 1_000 && looks.length < 2; turn++) await delay(10);
  ended.abort();
  await following;
  assert.deepEqual(looks, [false, true]);
});
