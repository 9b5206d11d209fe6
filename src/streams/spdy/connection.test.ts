import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { buffer, text } from "node:stream/consumers";
import { SpdyConnection } from "./connection.ts";
import type { SpdyStream } from "./stream.ts";

function pair(onStream: (stream: SpdyStream) => void): { client: SpdyConnection; server: SpdyConnection } {
  const [left, right] = duplexPair();
  return {
    client: new SpdyConnection(left, { role: "client" }),
    server: new SpdyConnection(right, { role: "server", onStream }),
  };
}

test("streams carry headers and bytes both ways and end each way on their own", async () => {
  const { client, server } = pair((stream) => {
    void text(stream).then((got) => stream.end(`${stream.headers["streamtype"]} got ${got}`));
  });
  const streams = ["stdin", "error"].map((streamtype) => client.openStream({ streamtype }));
  for (const stream of streams) stream.end("hello");
  assert.deepEqual(await Promise.all(streams.map((stream) => text(stream))), ["stdin got hello", "error got hello"]);
  client.close();
  assert.equal(await server.closed, undefined);
  assert.equal(await client.closed, undefined);
});

test("large data passes a slow reader without loss", async () => {
  const sent = Buffer.alloc(3_000_000, "0123456789");
  const { client } = pair((stream) => stream.end(sent));
  const stream = client.openStream({});
  stream.pause();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(sent.equals(await buffer(stream)));
  client.destroy();
});

test("what arrived before a reset or the end of the connection can still be read", async () => {
  const { client, server } = pair((stream) => {
    stream.write("last words", () => server.destroy());
  });
  assert.equal(await text(client.openStream({})), "last words");
  await client.closed;
});

test("a connection that breaks ends its streams", async () => {
  const { client, server } = pair((stream) => stream.resume());
  const stream = client.openStream({});
  server.destroy();
  assert.equal(await text(stream), "");
  stream.write("to nobody");
  await client.closed;
});

test("a stream that the peer opens is refused when nobody listens", async () => {
  const [left, right] = duplexPair();
  const client = new SpdyConnection(left, { role: "client" });
  const server = new SpdyConnection(right, { role: "server" });
  assert.equal(await text(client.openStream({})), "");
  client.destroy();
  await server.closed;
});

test("bytes that are no SPDY end the connection with the reason", async () => {
  const [left, right] = duplexPair();
  const client = new SpdyConnection(left, { role: "client" });
  right.write("HTTP/1.1 500 Internal Server Error\r\n");
  assert.match(String(await client.closed), /exceeds the limit/);
});
