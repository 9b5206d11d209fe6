/** kill -9 in the middle of many writers: what was acknowledged is there when the server is back. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { configMaps } from "../../api/core.ts";
import { isStatus } from "../../src/base/errors.ts";
import { type ApiserverProcess, startApiserverProcess } from "../client/apiserver-process.ts";
import { eventually } from "../embedded/instance.ts";

let server: ApiserverProcess;

before(async () => {
  server = await startApiserverProcess();
});

after(() => server.remove());

const writers = 32;
const namespace = "default";

it("keeps every acknowledged write over three crashes", async () => {
  const acknowledged = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    const client = await server.connect();
    const before = acknowledged.size;
    const writing = Array.from({ length: writers }, (_, writer) => write(writer, round));
    await delay(700);
    await eventually("writes are acknowledged", 60_000, () => acknowledged.size > before + writers || undefined);
    await server.kill();
    await Promise.all(writing);
    client.close();
    await server.start();

    async function write(writer: number, attempt: number): Promise<void> {
      for (let index = 0; ; index += 1) {
        const name = `cm-${attempt}-${writer}-${index}`;
        try {
          await client.create(configMaps, { metadata: { namespace, name } });
        } catch (error) {
          if (isStatus(error)) return;
          throw error;
        }
        acknowledged.add(name);
      }
    }
  }
  const client = await server.connect();
  const { items } = await client.list(configMaps, { namespace });
  client.close();
  const stored = new Set(items.map((item) => item.metadata?.name));
  const lost = [...acknowledged].filter((name) => !stored.has(name));

  assert.deepEqual(lost, []);
});
