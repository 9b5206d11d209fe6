import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "../base/property.fixture.ts";
import type { Client } from "./client.ts";
import { createClient } from "./create-client.ts";
import { createInformer } from "./create-informer.ts";
import { type ExampleServer, startExampleServer, type Widget, widgets } from "./example-server.ts";
import type { Change, Informer } from "./informer.ts";

const patienceMs = 60_000;

describe("informer", () => {
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

  it("has what is there, tells late handlers of it, and follows changes", async () => {
    server.put("a", 1);
    const { informer, changes, stop } = await follow(client);
    assert.deepEqual(informer.get("default", "a")?.size, 1);
    assert.equal(informer.get("default", "a")?.kind, "Widget");
    server.put("b", 1);
    server.put("a", 2);
    server.remove("b");
    await agreed(informer, server);
    assert.deepEqual(changes.map(summary), ["added a 1", "added b 1", "updated a 2", "deleted b 1"]);
    const late: string[] = [];
    informer.onChange((change) => late.push(summary(change)));
    assert.deepEqual(late, ["added a 2"]);
    stop();
  });

  it("reads long lists in pages", async () => {
    for (let i = 0; i < 1100; i++) server.put(`w-${i}`, i);
    const before = server.requests.length;
    const { informer, stop } = await follow(client);
    assert.equal(informer.list("default").length, server.content().length);
    assert.equal(informer.list("elsewhere").length, 0);
    assert.ok(server.requests.slice(before).filter((request) => request.includes("continue=")).length >= 2);
    stop();
  });

  it("keeps its indexes", async () => {
    server.put("big", 99);
    const abort = new AbortController();
    const indexes = { size: (widget: Widget) => [String(widget.size)] };
    const informer = createInformer(client, widgets, { indexes });
    informer.start(abort.signal);
    await informer.synced();
    const named = (size: string) =>
      informer
        .byIndex("size", size)
        .map((widget) => widget.metadata?.name ?? "")
        .sort();
    assert.deepEqual(named("99"), ["big", "w-99"]);
    server.put("big", 100_000);
    await agreed(informer, server);
    assert.deepEqual([named("99"), named("100000")], [["w-99"], ["big"]]);
    server.remove("big");
    await agreed(informer, server);
    assert.deepEqual(named("100000"), []);
    assert.throws(() => informer.byIndex("colour", "red"), RangeError);
    abort.abort();
  });

  it("keeps no managedFields, and of the rest only what is asked for, of what is listed and of what comes later", async () => {
    server.put("listed", 1);
    const { informer, stop } = await follow(client);
    assert.equal(server.content()[0]?.metadata?.managedFields?.length, 1);
    assert.ok(informer.list().every(({ metadata }) => metadata !== undefined && !("managedFields" in metadata)));
    const keep = ({ metadata }: Widget): Widget => ({ metadata, size: -1 });
    const abort = new AbortController();
    const slim = createInformer(client, widgets, { keep });
    const told: Change<Widget>[] = [];
    slim.onChange((change) => told.push(change));
    slim.start(abort.signal);
    await slim.synced();
    server.put("later", 1);
    server.remove("listed");
    await agreed(informer, server);
    while (slim.get("default", "listed") !== undefined) await delay(2);
    assert.deepEqual(Object.keys(slim.get("default", "later") ?? {}), ["metadata", "size"]);
    assert.ok(slim.list().every(({ size }) => size === -1));
    assert.ok(told.every(({ object }) => object.size === -1 && object.metadata?.managedFields === undefined));
    abort.abort();
    stop();
  });

  it("resumes where it was after a broken connection, without listing again", async () => {
    const { informer, changes, stop } = await follow(client);
    const requests = server.requests.length;
    server.cutConnections();
    server.put("a", 3);
    await agreed(informer, server);
    assert.deepEqual(changes.slice(-1).map(summary), ["updated a 3"]);
    assert.ok(server.requests.slice(requests).every((request) => request.includes("watch=true")));
    stop();
  });

  it("lists again after 410, and tells the difference", async () => {
    const { informer, changes, stop } = await follow(client);
    const told = changes.length;
    await server.pause();
    server.remove("w-0");
    server.put("w-1", 1000);
    server.remove("w-2");
    server.put("w-2", 2);
    server.compact();
    await server.resume();
    await agreed(informer, server);
    assert.deepEqual(changes.slice(told).map(summary).sort(), [
      "added w-2 2",
      "deleted w-0 0",
      "deleted w-2 2",
      "updated w-1 1000",
    ]);
    stop();
  });

  it("waits for a server that is not there yet", async () => {
    await server.pause();
    const abort = new AbortController();
    const informer = createInformer(client, widgets);
    informer.start(abort.signal);
    await delay(50);
    await server.resume();
    await informer.synced();
    abort.abort();
  });

  it("does not hammer a server that fails", async () => {
    server.failNext(...Array.from({ length: 4 }, () => 500));
    const before = server.requests.length;
    const startedAt = Date.now();
    const { stop } = await follow(client);
    assert.ok(server.requests.length - before <= 4 + 4);
    assert.ok(Date.now() - startedAt > 500);
    stop();
  });

  it("goes on when a handler throws", async () => {
    const { informer, stop } = await follow(client);
    informer.onChange((change) => {
      if (change.type === "updated") throw new Error("a bug in a handler (expected in this test's log)");
    });
    server.put("a", 77);
    await agreed(informer, server);
    stop();
  });

  it("ends with its signal", async () => {
    const { stop } = await follow(client);
    const ended = once(stop.signal, "abort");
    stop();
    await ended;
    while (server.watches > 0) await delay(5);
  });

  it("agrees with the server after any faults, and what it told adds up", { timeout: 300_000 }, async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant("put" as const),
          name: fc.constantFrom("x", "y", "z"),
          size: fc.nat(9),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), name: fc.constantFrom("x", "y", "z") }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constantFrom("compact" as const, "cut" as const, "end" as const, "fail" as const, "turn" as const),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const { informer, changes, stop } = await follow(client);
        for (const step of actions) {
          if (step.do === "put") server.put(step.name, step.size);
          else if (step.do === "remove") server.remove(step.name);
          else if (step.do === "compact") server.compact();
          else if (step.do === "cut") server.cutConnections();
          else if (step.do === "end") server.endWatches();
          else if (step.do === "fail") server.failNext(503);
          else await delay(1);
        }
        await agreed(informer, server);
        assert.deepEqual(replayed(changes), contentOf(informer));
        stop();
      }),
      { numRuns: 12 },
    );
  });
});

async function follow(client: Client) {
  const abort = new AbortController();
  const informer = createInformer(client, widgets);
  const changes: Change<Widget>[] = [];
  informer.onChange((change) => changes.push(change));
  informer.start(abort.signal);
  await informer.synced();
  const stop = Object.assign(() => abort.abort(), { signal: abort.signal });
  return { informer, changes, stop };
}

async function agreed(informer: Informer<Widget>, server: ExampleServer): Promise<void> {
  const wanted = JSON.stringify(contentOf({ list: () => server.content() }));
  const deadline = Date.now() + patienceMs;
  while (JSON.stringify(contentOf(informer)) !== wanted) {
    assert.ok(Date.now() < deadline, "the informer does not agree with the server");
    await delay(2);
  }
}

function contentOf(source: { list(): Widget[] }): Record<string, string> {
  const entries = source.list().map((widget) => [widget.metadata?.name ?? "", describeWidget(widget)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describeWidget(widget: Widget): string {
  return `${widget.metadata?.uid} ${widget.metadata?.resourceVersion} ${widget.size}`;
}

/** What a handler knows that believes each change, and checks that it fits the ones before. */
function replayed(changes: Change<Widget>[]): Record<string, string> {
  const known = new Map<string, Widget>();
  for (const { type, object, previous } of changes) {
    const name = object.metadata?.name ?? "";
    assert.equal(type === "added", !known.has(name), `${type} ${name}`);
    assert.equal(previous, known.get(name));
    if (type === "deleted") known.delete(name);
    else known.set(name, object);
  }
  return contentOf({ list: () => [...known.values()] });
}

function summary({ type, object }: Change<Widget>): string {
  return `${type} ${object.metadata?.name} ${object.size}`;
}
