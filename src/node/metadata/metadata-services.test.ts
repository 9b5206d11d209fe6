import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import pino from "pino";
import { facts } from "./facts.fixture.ts";
import { createMetadataServices } from "./metadata-services.ts";

const qemu = { pid: 1, startTicks: 1 };
const { signal } = new AbortController();

/** Services whose socket is there when the test says so. */
function services() {
  const opened: PromiseWithResolvers<Server>[] = [];
  const metadata = createMetadataServices(pino({ level: "silent" }), () => {
    const socket = Promise.withResolvers<Server>();
    opened.push(socket);
    return socket.promise;
  });
  const serve = () => metadata.serve(qemu, () => Promise.resolve(facts), signal);
  const listening = async (): Promise<Server> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  };
  return { metadata, opened, serve, listening };
}

test("a QEMU that ends while its service begins leaves no socket behind", async () => {
  for (const end of ["forget", "close"] as const) {
    const { metadata, opened, serve, listening } = services();
    const serving = serve();
    metadata[end](qemu);
    const socket = await listening();
    opened[0]?.resolve(socket);
    await serving;
    await setImmediate();
    assert.equal(socket.listening, false, end);
  }
});

test("it is begun once, and again after a failure", async () => {
  const { metadata, opened, serve, listening } = services();
  const both = Promise.allSettled([serve(), serve()]);
  assert.equal(opened.length, 1);
  opened[0]?.reject(new Error("no such namespace"));
  await both;
  const again = serve();
  const socket = await listening();
  opened[1]?.resolve(socket);
  await again;
  await serve();
  assert.deepEqual([opened.length, socket.listening], [2, true]);
  metadata.close();
  await setImmediate();
  assert.equal(socket.listening, false);
});
