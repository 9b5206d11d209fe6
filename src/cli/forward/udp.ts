import dgram, { type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import type { WebSocket } from "ws";
import { messageOf } from "../../base/errors.ts";
import { toBuffer } from "../../streams/splice-web-socket.ts";
import type { Forwarding } from "./tcp.ts";

/**
 * Listens until the process ends; each local peer (address and port) gets a stream of its own, one datagram is one
 * message. As with UDP itself, a datagram that cannot be delivered is lost. @returns the local port
 */
export async function forwardUdp({ address, port, open }: Forwarding): Promise<number> {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  const streams = new Map<string, Promise<WebSocket>>();
  const openFor = async (peer: RemoteInfo): Promise<WebSocket> => {
    const ws = await open();
    ws.on("message", (data, isBinary) => isBinary && socket.send(toBuffer(data), peer.port, peer.address));
    ws.on("close", () => streams.delete(keyOf(peer)));
    ws.resume();
    return ws;
  };
  const deliver = async (datagram: Buffer, peer: RemoteInfo): Promise<void> => {
    const stream = streams.get(keyOf(peer)) ?? openFor(peer);
    streams.set(keyOf(peer), stream);
    (await stream).send(datagram, { binary: true }, () => undefined);
  };
  socket.on("message", (datagram, peer) => {
    deliver(datagram, peer).catch((error: unknown) => {
      streams.delete(keyOf(peer));
      process.stderr.write(`error: ${messageOf(error)}\n`);
    });
  });
  socket.bind(port, address);
  await once(socket, "listening");
  return socket.address().port;
}

function keyOf({ address, port }: RemoteInfo): string {
  return `${address} ${port}`;
}
