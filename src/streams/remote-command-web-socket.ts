import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { StatusError } from "../base/errors.ts";
import { acceptWebSocket } from "./accept-web-socket.ts";
import { refuseUpgrade } from "./http-head.ts";
import { spdyUpgradeHeaders } from "./port-forward-web-socket.ts";
import {
  channel,
  remoteCommandOptions,
  remoteCommandV5,
  type StreamType,
  streamTypes,
} from "./remote-command-channels.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import type { SpdyStream } from "./spdy/stream.ts";
import { closeWebSocket, toBuffer } from "./splice-web-socket.ts";
import { relayRefusal } from "./tunnel-upgrade.ts";
import { requestUpgrade, type UpgradeAnswer, type Upstream } from "./upstream.ts";

export { remoteCommandV5 } from "./remote-command-channels.ts";

type Streams = Map<StreamType, SpdyStream>;

/** Above this many bytes waiting in the websocket, the upstream is not read. */
const highWaterBytes = 256 * 1024;

/**
 * Runs exec or attach for a client that speaks `v5.channel.k8s.io`, with a SPDY/3.1 (`v4.channel.k8s.io`) upstream.
 *
 *   websocket message [channel, data...]  <->  DATA frames of the stream with header streamtype
 *   [255, 0] from the client               ->  FIN on stdin
 *   all streams from upstream ended        ->  websocket close 1000
 *
 * The error stream carries a `metav1.Status` with the exit code; when the upstream breaks before it, one is made here.
 */
export async function proxyRemoteCommandWebSocket(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  upstream: Upstream,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  let answer: UpgradeAnswer;
  try {
    answer = await requestUpgrade(upstream, "POST", spdyUpgradeHeaders("v4.channel.k8s.io"));
  } catch (error) {
    refuseUpgrade(socket, error);
    return;
  }
  if (!answer.switched) return relayRefusal(answer.response, socket);
  const accepted = await acceptWebSocket(req, socket, head, [remoteCommandV5]);
  if (!accepted) {
    answer.socket.destroy();
    return;
  }
  if (answer.head.length > 0) answer.socket.unshift(answer.head);
  const options = remoteCommandOptions(new URL(upstream.path, "http://upstream").searchParams);
  const connection = new SpdyConnection(answer.socket, { role: "client" });
  const streams: Streams = new Map(
    streamTypes(options).map((type) => [type, connection.openStream({ streamtype: type })]),
  );
  await translate(accepted.ws, connection, streams);
}

async function translate(ws: WebSocket, connection: SpdyConnection, streams: Streams): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    ws.on("close", () => {
      connection.destroy();
      resolve();
    });
  });
  ws.on("message", (data, isBinary) => isBinary && fromClient(ws, streams, data));
  for (const type of ["stdin", "resize"] as const) {
    streams
      .get(type)
      ?.on("drain", () => ws.resume())
      .resume();
  }
  for (const stream of streams.values()) stream.on("error", () => stream.destroy());
  // kubectl takes a first empty message for "connected".
  send(ws, streams.has("stdout") ? channel.stdout : channel.error, Buffer.alloc(0));
  ws.resume();
  const statusBytes = await toClient(ws, streams);
  if (statusBytes === 0) {
    const broken = new StatusError("InternalError", "the stream to the node broke before the command ended");
    send(ws, channel.error, Buffer.from(JSON.stringify(broken.toStatus())));
  }
  closeWebSocket(ws);
  connection.close();
  await closed;
}

function fromClient(ws: WebSocket, streams: Streams, data: RawData): void {
  const bytes = toBuffer(data);
  const [number, argument] = bytes;
  if (number === channel.close) {
    if (argument === channel.stdin) streams.get("stdin")?.end();
    return;
  }
  const type = number === channel.stdin ? "stdin" : number === channel.resize ? "resize" : undefined;
  const stream = type && streams.get(type);
  if (stream?.writable && bytes.length > 1 && !stream.write(bytes.subarray(1))) ws.pause();
}

/** Forwards what the upstream sends until all its streams ended; tells how many bytes the error stream carried. */
async function toClient(ws: WebSocket, streams: Streams): Promise<number> {
  const sent = (["stdout", "stderr", "error"] as const).map(async (type) => {
    const stream = streams.get(type);
    return stream ? forward(ws, stream, channel[type]) : 0;
  });
  const [, , statusBytes = 0] = await Promise.all(sent);
  return statusBytes;
}

async function forward(ws: WebSocket, stream: SpdyStream, number: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    const flushed = new Promise<void>((resolve) => send(ws, number, chunk as Buffer, resolve));
    if (ws.bufferedAmount > highWaterBytes) await flushed;
  }
  return bytes;
}

/** Calls `sent` when the message left for the network, or the websocket is closed. */
function send(ws: WebSocket, number: number, data: Buffer, sent: () => void = () => undefined): void {
  ws.send(Buffer.concat([Buffer.from([number]), data]), { binary: true }, sent);
}
