/** A client that is busy with something else while answers come: they are all there, whole and over, before it reads any. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps } from "../../api/core.ts";
import { startApiserverProcess } from "./apiserver-process.ts";

test("an answer that is over before anybody reads it is read", async (t) => {
  const server = await startApiserverProcess();
  const client = await server.connect();
  t.after(async () => {
    client.close();
    await server.remove();
  });
  const busy = setInterval(() => busyFor(20), 25);
  t.after(() => clearInterval(busy));
  // Writes are answered together, once they are on the disk.
  const writing = Array.from({ length: 40 }, async (_, writer) => {
    const key = { namespace: "default", name: `writer-${writer}` };
    await client.create(configMaps, { metadata: key });
    for (let count = 0; count < 80; count += 1) {
      const body = { data: { count: `${count}` } };
      assert.deepEqual((await client.patch(configMaps, key, { type: "merge", body })).data, body.data);
    }
  });
  await Promise.all(writing);
});

function busyFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
