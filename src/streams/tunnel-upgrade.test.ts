import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import net, { type AddressInfo, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { tunnelUpgrade } from "./tunnel-upgrade.ts";

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Front server that tunnels everything to the given upstream; gives its port. */
async function front(upstreamPort: number): Promise<{ port: number; close: () => void }> {
  const server = http.createServer();
  server.on("upgrade", (req, socket, head) => {
    void tunnelUpgrade(req, socket, head, {
      host: "127.0.0.1",
      port: upstreamPort,
      path: "/up?x=1",
      headers: { "x-added": "1" },
    });
  });
  return { port: await listening(server), close: () => server.close() };
}

function request(port: number, extra = ""): net.Socket {
  const socket = net.connect(port, "127.0.0.1");
  socket.write(
    `POST /exec HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nAuthorization: Bearer secret\r\nX-Stream-Protocol-Version: v4\r\nX-Stream-Protocol-Version: v3\r\n\r\n${extra}`,
  );
  return socket;
}

test("bytes flow both ways after the 101, including those sent early, and each side's end is passed on", async () => {
  let seen: IncomingMessage | undefined;
  const upstream = http.createServer();
  upstream.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    seen = req;
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Chosen: v4\r\n\r\nfirst ",
    );
    if (head.length > 0) socket.unshift(head);
    void text(socket).then((got) => socket.end(`got ${got}`));
  });
  const { port, close } = await front(await listening(upstream));
  const client = request(port, "early ");
  client.end("late");
  const answer = await text(client);
  assert.match(answer, /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*X-Chosen: v4\r\n/);
  assert.match(answer, /\r\n\r\nfirst got early late$/);
  assert.equal(seen?.url, "/up?x=1");
  assert.equal(seen.headers["x-added"], "1");
  assert.equal(seen.headers.authorization, undefined, "the client's credentials stay here");
  assert.equal(seen.headers["x-stream-protocol-version"], "v4, v3");
  close();
  upstream.close();
});

test("a refusal is relayed as it is, and the connection ends", async () => {
  const upstream = http.createServer();
  upstream.on("upgrade", (_req, socket: Duplex) => {
    socket.end(
      'HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"no":1}\r\n0\r\n\r\n',
    );
  });
  const { port, close } = await front(await listening(upstream));
  const answer = await text(request(port));
  assert.match(
    answer,
    /^HTTP\/1\.1 404 Not Found\r\nContent-Type: application\/json\r\nConnection: close\r\n\r\n\{"no":1\}$/,
  );
  close();
  upstream.close();
});

test("an upstream that is not there is a 503 Status that names it", async () => {
  const gone = net.createServer();
  const gonePort = await listening(gone);
  gone.close();
  await once(gone, "close");
  const { port, close } = await front(gonePort);
  const [head = "", body = ""] = (await text(request(port))).split("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 503 /);
  const status = JSON.parse(body) as { reason: string; message: string };
  assert.equal(status.reason, "ServiceUnavailable");
  assert.match(status.message, new RegExp(`cannot open a stream to 127.0.0.1:${gonePort}/up: `));
  close();
});

test("a client that goes away takes the upstream connection with it", async () => {
  const upstream = http.createServer();
  const closed = new Promise<void>((resolve) => {
    upstream.on("upgrade", (_req, socket: Duplex) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.on("close", () => resolve());
      socket.resume();
    });
  });
  const { port, close } = await front(await listening(upstream));
  const client = request(port);
  await once(client, "data");
  client.resetAndDestroy();
  await closed;
  close();
  upstream.close();
});

for (const [what, answer] of [
  ["switches protocols", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"],
  ["refuses", "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n"],
] as const) {
  test(`a client that went before the upstream ${what} takes the upstream connection with it`, async () => {
    const asked = Promise.withResolvers<Duplex>();
    const upstream = http.createServer();
    upstream.on("upgrade", (_req, socket: Duplex) => asked.resolve(socket));
    const went = Promise.withResolvers<void>();
    const tunneled = Promise.withResolvers<void>();
    const server = http.createServer().on("upgrade", (req, socket, head) => {
      socket.on("close", () => went.resolve());
      const { port } = upstream.address() as AddressInfo;
      tunnelUpgrade(req, socket, head, { host: "127.0.0.1", port, path: "/up" }).then(
        tunneled.resolve,
        tunneled.reject,
      );
    });
    await listening(upstream);
    const client = request(await listening(server));
    const socket = await asked.promise;
    client.resetAndDestroy();
    await went.promise;
    socket.on("error", () => undefined).on("end", () => socket.end());
    socket.write(answer);
    socket.resume();
    await once(socket, "close");
    await tunneled.promise;
    server.close();
    upstream.close();
  });
}
