import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isStatus } from "../base/errors.ts";
import type { Client } from "./client.ts";
import { createClient } from "./create-client.ts";
import { type ExampleServer, startExampleServer, widgets } from "./example-server.ts";
import { waitFor, watchUntil } from "./wait-for.ts";

const key = { namespace: "default", name: "a" };

describe("waitFor", () => {
  let server: ExampleServer;
  let client: Client;
  before(async () => {
    server = await startExampleServer();
    client = createClient({ server: server.url });
  });
  after(async () => {
    client.close();
    await server.close();
  });

  it("returns at once what is so already", async () => {
    server.put("a", 1);
    assert.equal((await waitFor(client, widgets, key, (widget) => widget?.size === 1))?.size, 1);
  });

  it("waits for a change, across a broken connection", async () => {
    const waiting = waitFor(client, widgets, key, (widget) => widget?.size === 3);
    setTimeout(() => server.put("a", 2), 10);
    setTimeout(() => server.cutConnections(), 20);
    setTimeout(() => server.put("a", 3), 30);
    assert.equal((await waiting)?.size, 3);
  });

  it("waits for the object to go", async () => {
    const waiting = waitFor(client, widgets, key, (widget) => widget === undefined);
    setTimeout(() => server.remove("a"), 10);
    assert.equal(await waiting, undefined);
  });

  it("says what it waited for when time is up", async () => {
    await assert.rejects(
      waitFor(client, widgets, key, () => false, { timeoutMs: 50 }),
      (error) => {
        assert.ok(isStatus(error, "Timeout"));
        assert.match(error.message, /widgets \(in default metadata\.name=a\): not there after 50 ms/);
        return true;
      },
    );
  });

  it("throws what the condition throws, the signal's reason, and refusals", async () => {
    const failed = new Error("it failed for good");
    await assert.rejects(
      waitFor(client, widgets, key, () => {
        throw failed;
      }),
      failed,
    );
    const signal = AbortSignal.timeout(30);
    await assert.rejects(
      waitFor(client, widgets, key, () => false, { signal }),
      { name: "TimeoutError" },
    );
    server.failNext(403);
    await assert.rejects(
      waitFor(client, widgets, key, () => false),
      { code: 403 },
    );
  });

  it("watchUntil judges the whole collection", async () => {
    setTimeout(() => server.put("b", 2), 10);
    setTimeout(() => server.put("c", 3), 20);
    const total = await watchUntil(client, widgets, {}, (all) =>
      all.length === 2 ? all[0]!.size! + all[1]!.size! : undefined,
    );
    assert.equal(total, 5);
  });
});
