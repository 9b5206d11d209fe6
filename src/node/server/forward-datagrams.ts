import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { WebSocket } from "ws";
import { toBuffer } from "../../streams/splice-web-socket.ts";

/** Joins a websocket and a UDP port: one datagram for each binary message. Resolves when the websocket is closed. */
export function forwardDatagrams(ws: WebSocket, address: { host: string; port: number }): Promise<void> {
  const socket = createSocket(isIPv6(address.host) ? "udp6" : "udp4");
  socket.on("message", (datagram) => ws.send(datagram, { binary: true }));
  // Nobody listens on the port: the peer learns it by the end of the connection.
  socket.on("error", () => ws.close(1011, "the datagram could not be delivered"));
  ws.on("message", (data, isBinary) => {
    if (isBinary) socket.send(toBuffer(data));
  });
  socket.connect(address.port, address.host, () => ws.resume());
  return new Promise((resolve) => {
    ws.once("close", () => {
      socket.close();
      resolve();
    });
  });
}
