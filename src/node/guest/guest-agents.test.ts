import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import pino from "pino";
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { createGuestAgents } from "./guest-agents.ts";

test("a guest that does not answer is not asked ever more: of what waits for its answers there is one of each kind", async () => {
  const calls: PromiseWithResolvers<unknown>[] = [];
  const agent = {
    call() {
      const call = Promise.withResolvers<unknown>();
      calls.push(call);
      return call.promise;
    },
  } as unknown as GuestAgent;
  const guests = createGuestAgents(pino({ level: "silent" }), () => agent);
  const qemu = { pid: 1, startTicks: 1 };
  let reports = 0;
  for (let look = 0; look < 5; look++) {
    guests.report(qemu, () => (reports += 1));
    await setImmediate();
  }
  assert.equal(calls.length, 1, "under way");
  calls[0]?.reject(new Error("no answer within 5000 ms"));
  await setImmediate();
  assert.equal(calls.length, 2, "the one that follows, for all who asked meanwhile");
  for (let call = 1; call < 4; call++) {
    calls[call]?.resolve({});
    await setImmediate();
  }
  assert.deepEqual([calls.length, reports], [4, 4], "an operating system, interfaces, and whether it is frozen");
  guests.close();
});
