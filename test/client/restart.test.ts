/** The client, its informers and those who wait, while the API server is killed with -9 and comes back. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ConfigMap, configMaps } from "../../api/core.ts";
import { isStatus } from "../../src/base/errors.ts";
import type { Client } from "../../src/client/client.ts";
import { createInformer } from "../../src/client/create-informer.ts";
import type { Change, Informer } from "../../src/client/informer.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { eventually } from "../embedded/instance.ts";
import { type ApiserverProcess, startApiserverProcess } from "./apiserver-process.ts";

const namespace = "default";

describe("when the API server is killed and comes back", { timeout: 600_000 }, () => {
  let apiserver: ApiserverProcess;
  let client: Client;
  before(async () => {
    apiserver = await startApiserverProcess();
    client = await apiserver.connect();
  });
  after(async () => {
    client.close();
    await apiserver.remove();
  });

  it("calls fail clearly meanwhile, and work again without a new client", async () => {
    await apiserver.kill();
    await assert.rejects(client.get(configMaps, { namespace, name: "x" }), (error) =>
      isStatus(error, "ServiceUnavailable"),
    );
    await apiserver.start();
    await assert.rejects(client.get(configMaps, { namespace, name: "x" }), (error) => isStatus(error, "NotFound"));
  });

  it("a waiting command still gets what it waits for", async () => {
    const waiting = waitFor(
      client,
      configMaps,
      { namespace, name: "answer" },
      (object) => object?.data?.["is"] === "42",
    );
    await client.create(configMaps, { metadata: { namespace, name: "answer" }, data: { is: "unknown" } });
    await apiserver.kill();
    await apiserver.start();
    const object = await client.get(configMaps, { namespace, name: "answer" });
    await client.update(configMaps, { ...object, data: { is: "42" } });
    assert.equal((await waiting)?.data?.["is"], "42");
  });

  it("informers miss nothing and repeat nothing, whatever is written around the kill", async () => {
    const abort = new AbortController();
    const informer = createInformer(client, configMaps, { namespace });
    const changes: Change<ConfigMap>[] = [];
    informer.onChange((change) => changes.push(change));
    informer.start(abort.signal);
    await informer.synced();

    const writers = Array.from({ length: 8 }, (_, number) =>
      writeThroughKills(client, `writer-${number}`, abort.signal),
    );
    for (let round = 0; round < 3; round++) {
      await delay(500);
      await apiserver.kill();
      await apiserver.start();
    }
    await delay(500);
    await eventually("enough is written", 60_000, () => changes.length > 100 || undefined);
    abort.signal.throwIfAborted();
    const settled = await client.create(configMaps, { metadata: { namespace, name: "settled" } });
    await eventually("the informer is told", 60_000, () => informer.get(namespace, "settled"));
    abort.abort();
    await Promise.all(writers);
    assertAddsUp(changes, informer);
    const upTo = Number(settled.metadata?.resourceVersion);
    const { items } = await client.list(configMaps, { namespace });
    const isOld = (object: ConfigMap) => Number(object.metadata?.resourceVersion) <= upTo;
    for (const object of items.filter(isOld)) {
      delete object.metadata?.managedFields; // which no informer keeps
      assert.deepEqual(informer.get(namespace, object.metadata?.name ?? ""), object);
    }
  });
});

/** Creates, updates and deletes one object again and again; failures are retried, as controllers do. */
async function writeThroughKills(client: Client, name: string, signal: AbortSignal): Promise<void> {
  const key = { namespace, name };
  for (let turn = 0; !signal.aborted; turn++) {
    try {
      if (turn % 5 === 4) await client.delete(configMaps, key);
      else if (turn % 5 === 0) await client.create(configMaps, { metadata: key });
      else await client.update(configMaps, { ...(await client.get(configMaps, key)), data: { turn: `${turn}` } });
    } catch (error) {
      if (!isStatus(error, "ServiceUnavailable", "NotFound", "AlreadyExists", "Conflict")) throw error;
    }
    await delay(5);
  }
}

function assertAddsUp(changes: Change<ConfigMap>[], informer: Informer<ConfigMap>): void {
  const known = new Map<string, ConfigMap>();
  for (const { type, object, previous } of changes) {
    const name = object.metadata?.name ?? "";
    assert.equal(type === "added", !known.has(name), `${type} ${name}`);
    assert.equal(previous, known.get(name));
    if (type === "deleted") known.delete(name);
    else known.set(name, object);
  }
  assert.deepEqual(
    [...known.keys()].sort(),
    informer
      .list()
      .map((object) => object.metadata?.name ?? "")
      .sort(),
  );
}
