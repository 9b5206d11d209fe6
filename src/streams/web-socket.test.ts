import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { duplexPair, type Duplex } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { test } from "node:test";
import type { WebSocket } from "ws";
import { isStatus, StatusError } from "../base/errors.ts";
import { acceptWebSocket, plainProtocol } from "./accept-web-socket.ts";
import { dialWebSocket } from "./dial-web-socket.ts";
import { refuseUpgrade } from "./http-head.ts";
import { spliceWebSocket } from "./splice-web-socket.ts";
import { bearerFromProtocols, chooseProtocol, offeredProtocols } from "./subprotocols.ts";

type Accept = (ws: WebSocket) => void;

async function withServer(
  upgrade: (req: http.IncomingMessage, socket: Duplex, head: Buffer) => void,
  work: (address: { server: string }) => Promise<void>,
): Promise<void> {
  const server = http.createServer().on("upgrade", upgrade).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function accepting(accept: Accept) {
  return (req: http.IncomingMessage, socket: Duplex, head: Buffer): void => {
    void acceptWebSocket(req, socket, head, [plainProtocol]).then((accepted) => accepted && accept(accepted.ws));
  };
}

test("a byte stream passes through a websocket unchanged, both ways, with slow readers", async () => {
  const [near, far] = duplexPair();
  const sent = Buffer.alloc(5_000_000, "0123456789abcdef");
  await withServer(
    accepting((ws) => void spliceWebSocket(ws, near)),
    async (address) => {
      const ws = await dialWebSocket(address, "/", [plainProtocol]);
      assert.equal(ws.protocol, plainProtocol);
      const [left, right] = duplexPair();
      const spliced = spliceWebSocket(ws, left);
      right.write(sent);
      far.write(sent);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(sent.equals(await take(far, sent.length)), "to the server");
      assert.ok(sent.equals(await take(right, sent.length)), "to the client");
      far.end();
      await spliced;
      assert.equal((await buffer(right)).length, 0, "its end arrives");
    },
  );
});

async function take(stream: Duplex, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let got = 0;
  while (got < bytes) {
    const chunk = (stream.read() ?? (await once(stream, "readable"), stream.read())) as Buffer | null;
    if (chunk === null) continue;
    chunks.push(chunk);
    got += chunk.length;
  }
  return Buffer.concat(chunks);
}

test("what the server sends with its answer is not lost", async () => {
  await withServer(
    accepting((ws) => {
      ws.resume();
      ws.send("ignored: a text message");
      ws.send(Buffer.from("greeting"), () => ws.close(1000));
    }),
    async (address) => {
      const ws = await dialWebSocket(address, "/", [plainProtocol]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const [left, right] = duplexPair();
      void spliceWebSocket(ws, left);
      assert.equal(await text(right), "greeting");
    },
  );
});

test("a peer that stops answering pings is dropped", async () => {
  const [near] = duplexPair();
  await withServer(
    accepting((ws) => {
      void spliceWebSocket(ws, near, { pingIntervalMs: 10, silenceTimeoutMs: 40 });
    }),
    async (address) => {
      const ws = await dialWebSocket(address, "/", [plainProtocol]);
      // A paused websocket reads nothing, hence answers no ping.
      await once(near, "close");
      ws.terminate();
    },
  );
});

test("a byte stream that ended while the websocket was dialled takes the websocket with it", async () => {
  const [near] = duplexPair();
  near.destroy();
  await once(near, "close");
  await withServer(
    accepting((ws) => void spliceWebSocket(ws, near)),
    async (address) => {
      const ws = await dialWebSocket(address, "/", [plainProtocol]);
      ws.resume();
      await once(ws, "close");
    },
  );
});

test("a client that went before it was accepted is not waited for", async () => {
  const accepted = Promise.withResolvers<unknown>();
  const asked = Promise.withResolvers<void>();
  const upgrade = (req: http.IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => undefined);
    socket.on("close", () => {
      acceptWebSocket(req, socket, head, [plainProtocol]).then(accepted.resolve, accepted.reject);
    });
    asked.resolve();
  };
  await withServer(upgrade, async ({ server }) => {
    const client = net.connect(Number(new URL(server).port), "127.0.0.1");
    client.write(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    await asked.promise;
    client.resetAndDestroy();
    assert.equal(await accepted.promise, undefined);
  });
});

test("a refusal arrives as the server's Status", async () => {
  await withServer(
    (_req, socket) => refuseUpgrade(socket, new StatusError("Conflict", "VMI is paused")),
    async (address) => {
      await assert.rejects(dialWebSocket(address, "/", [plainProtocol]), (error) => {
        return isStatus(error, "Conflict") && error.message === "VMI is paused" && error.code === 409;
      });
    },
  );
});

test("a client that offers only other subprotocols is refused with those that are served", async () => {
  await withServer(
    accepting(() => assert.fail("accepted")),
    async (address) => {
      await assert.rejects(
        dialWebSocket(address, "/", ["other"]),
        /\[other\] are not served here: offer one of \[plain/,
      );
    },
  );
});

test("a server that is not there is ServiceUnavailable", async () => {
  await assert.rejects(dialWebSocket({ server: "http://127.0.0.1:1" }, "/x", []), (error) =>
    isStatus(error, "ServiceUnavailable"),
  );
});

test("subprotocols are negotiated in the client's order, without the credential among them", () => {
  const token = Buffer.from("tok/en").toString("base64url");
  const header = `b, base64url.bearer.authorization.k8s.io.${token}, a`;
  const req = { headers: { "sec-websocket-protocol": header } };
  assert.deepEqual(offeredProtocols(req), ["b", "a"]);
  assert.equal(bearerFromProtocols(req), "tok/en");
  assert.equal(chooseProtocol(["b", "a"], ["a", "b"]), "b");
  assert.equal(chooseProtocol(["c"], ["a"]), undefined);
});
