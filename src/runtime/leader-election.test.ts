import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Lease } from "../../api/coordination.ts";
import { StatusError } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import { runLeaderElection } from "./leader-election.ts";

test("a leader stops before the others may take over, also when the answer that made it leader came late", async () => {
  const answerMs = 150;
  let createdAt = 0;
  const client = {
    get: () => Promise.reject(new StatusError("NotFound", "no lease yet")),
    create: async (_: unknown, lease: Lease) => {
      createdAt = performance.now();
      await delay(answerMs);
      return lease;
    },
    update: () => Promise.reject(new StatusError("ServiceUnavailable", "the server is gone")),
  } as unknown as Client;
  const stop = new AbortController();
  const ledMs = Promise.withResolvers<number>();
  const election = runLeaderElection(client, {
    namespace: "kube-system",
    name: "controllers",
    identity: "a",
    signal: stop.signal,
    leaseDurationMs: 300,
    renewDeadlineMs: 200,
    retryMs: 10,
    lead: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          ledMs.resolve(performance.now() - createdAt);
          stop.abort();
          resolve();
        });
      }),
  });
  assert.ok((await ledMs.promise) < 300, `led for ${Math.round(await ledMs.promise)} ms`);
  await election;
});
