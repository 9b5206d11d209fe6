import assert from "node:assert/strict";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { serveMetrics } from "./serve-metrics.ts";

test("metrics are told by TLS, to whoever is let in, and nothing else is", async () => {
  const ended = new AbortController();
  const port = await serveMetrics({
    port: 0,
    text: () => Promise.resolve("a 1\n"),
    authorize: ({ headers }) =>
      headers.authorization === "Bearer good"
        ? Promise.resolve()
        : Promise.reject(new StatusError("Unauthorized", "a token is required")),
    signal: ended.signal,
  });
  const ask = (path: string, token: string) => askPort(port, path, token);
  assert.deepEqual(await ask("/metrics", "good"), [200, "a 1\n"]);
  assert.equal((await ask("/metrics", "bad"))[0], 401);
  assert.equal((await ask("/debug", "good"))[0], 404);
  ended.abort();
});

test("metrics that cannot be told are an error of the server, and do not end it", async () => {
  const ended = new AbortController();
  const port = await serveMetrics({
    port: 0,
    text: () => Promise.reject(new Error("a source is gone")),
    authorize: () => Promise.resolve(),
    signal: ended.signal,
  });
  assert.equal((await askPort(port, "/metrics", "any"))[0], 500);
  ended.abort();
});

function askPort(port: number, path: string, token: string): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    get({ host: "127.0.0.1", port, path, headers, rejectUnauthorized: false, agent: false }, (response) => {
      text(response).then((body) => resolve([response.statusCode, body]), reject);
    }).on("error", reject);
  });
}
