import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Registry } from "prom-client";
import { askMetricsSocket, serveMetricsSocket } from "./metrics-socket.ts";
import { createSourceReader } from "./source.ts";

const directory = mkdtempSync(join(tmpdir(), "vmpod-metrics-"));
after(() => rmSync(directory, { recursive: true, force: true }));

test("metrics go from one process to another over a socket that only its user may open", async () => {
  const path = join(directory, "metrics.sock");
  writeFileSync(path, "left by one that was killed");
  const ended = new AbortController();
  await serveMetricsSocket({ path, text: () => Promise.resolve("a 1\n"), signal: ended.signal });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(await askMetricsSocket(path), "a 1\n");
  ended.abort();
});

test("a source that does not answer is left out, and said to be", async () => {
  const registry = new Registry();
  const gone = { name: "gone", text: () => askMetricsSocket(join(directory, "nobody.sock")) };
  const read = createSourceReader([{ name: "good", text: () => Promise.resolve("a 1\n") }, gone], registry);
  assert.deepEqual(await read(), ["a 1\n", ""]);
  const text = await registry.metrics();
  assert.match(text, /vmpod_metrics_source_up\{source="good"\} 1/);
  assert.match(text, /vmpod_metrics_source_up\{source="gone"\} 0/);
});
