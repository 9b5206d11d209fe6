/**
 * The serving end of `v5.channel.k8s.io` for programs that run somewhere other than in a container: an accepted websocket as an input, two
 * outputs and a final `metav1.Status`.
 *
 *   [0, data...]  ──▶ stdin        [255, 0] ends it properly; a connection that breaks before is an error, not an end
 *   [1, data...]  ◀── stdout
 *   [2, data...]  ◀── stderr
 *   [3, Status]   ◀── finish, after which the websocket is closed
 */
import { Readable } from "node:stream";
import type { WebSocket } from "ws";
import { StatusError, type StatusDetails } from "../base/errors.ts";
import { channel } from "./remote-command-channels.ts";
import { closeWebSocket, toBuffer } from "./splice-web-socket.ts";

export interface RemoteCommandSession {
  stdin: Readable;
  /** Resolves when there is room for more. */
  write(to: "stdout" | "stderr", bytes: Buffer): Promise<void>;
  finish(status: FinalStatus): void;
  /** Aborted when the client goes before it was told the end. */
  gone: AbortSignal;
}

export type FinalStatus = StatusError | { status: "Success"; details?: StatusDetails };

/** Above this many bytes waiting in the websocket, whoever writes waits. */
const highWaterBytes = 256 * 1024;
const pingIntervalMs = 10_000;

export function serveRemoteCommand(ws: WebSocket): RemoteCommandSession {
  const gone = new AbortController();
  const stdin = new Readable({ read: () => ws.resume() });
  // Whoever reads it is told; nobody may be reading.
  stdin.on("error", () => undefined);
  let finished = false;
  const pinging = setInterval(() => ws.ping(), pingIntervalMs).unref();
  ws.on("message", (data, isBinary) => {
    if (isBinary && !receive(stdin, toBuffer(data))) ws.pause();
  });
  ws.on("close", () => {
    clearInterval(pinging);
    if (finished) return;
    const broken = new StatusError("ServiceUnavailable", "the client has gone");
    if (!stdin.readableEnded) stdin.destroy(broken);
    gone.abort(broken);
  });
  ws.resume();
  return {
    stdin,
    gone: gone.signal,
    write: (to, bytes) => send(ws, channel[to], bytes),
    finish(status) {
      finished = true;
      const document = status instanceof StatusError ? status.toStatus() : { metadata: {}, ...status };
      void send(ws, channel.error, Buffer.from(JSON.stringify(document)));
      closeWebSocket(ws);
    },
  };
}

/** @returns whether there is room for more */
function receive(stdin: Readable, message: Buffer): boolean {
  const [number, argument] = message;
  if (stdin.destroyed) return true;
  if (number === channel.close && argument === channel.stdin) stdin.push(null);
  return number !== channel.stdin || message.length === 1 || stdin.push(message.subarray(1));
}

function send(ws: WebSocket, number: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    ws.send(Buffer.concat([Buffer.of(number), bytes]), { binary: true }, () => resolve());
    if (ws.bufferedAmount < highWaterBytes) resolve();
  });
}
