import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { forwardDatagrams } from "./forward-datagrams.ts";

test("each message is a datagram, both ways", async () => {
  const echo = createSocket("udp4");
  echo.on("message", (datagram, from) => echo.send(`echo ${datagram.toString()}`, from.port, from.address));
  echo.bind(0, "127.0.0.1");
  await once(echo, "listening");
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (ws) => {
    ws.pause();
    void forwardDatagrams(ws, { host: "127.0.0.1", port: echo.address().port });
  });
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, "open");
  for (const word of ["one", "two"]) {
    client.send(Buffer.from(word));
    const [answer] = (await once(client, "message")) as [Buffer];
    assert.equal(answer.toString(), `echo ${word}`);
  }
  client.close();
  await once(client, "close");
  server.close();
  echo.close();
});
