import assert from "node:assert/strict";
import { test } from "node:test";
import { serveHealth } from "./health.ts";

test("alive at once, ready when it is, and gone at the end", async () => {
  const ended = new AbortController();
  let ready = false;
  const port = await serveHealth({ port: 0, isReady: () => ready, signal: ended.signal });
  const ask = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  assert.deepEqual([await ask("/healthz"), await ask("/readyz"), await ask("/secrets")], [200, 503, 404]);
  ready = true;
  assert.equal(await ask("/readyz"), 200);
  ended.abort();
  await assert.rejects(ask("/healthz"));
});
