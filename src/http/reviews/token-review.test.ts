import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Client } from "../../client/client.ts";
import { createTokenReviewer } from "./token-review.ts";

test("a token that was revoked is believed for some seconds at most, however often it is used", async () => {
  let now = 0;
  const clock = mock.method(Date, "now", () => now);
  const monotonic = mock.method(performance, "now", () => now);
  let isGood = true;
  const create = () => Promise.resolve({ status: { authenticated: isGood, user: { username: "alice" } } });
  const reviewToken = createTokenReviewer({ create } as unknown as Client);
  assert.equal((await reviewToken("token"))?.name, "alice");
  isGood = false;
  for (now = 1_000; now < 10_000; now += 1_000) assert.equal((await reviewToken("token"))?.name, "alice");
  now = 10_001;
  assert.equal(await reviewToken("token"), undefined);
  clock.mock.restore();
  monotonic.mock.restore();
});
