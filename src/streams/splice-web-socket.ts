import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";

export interface SpliceOptions {
  /** Ping the peer this often and drop it when it stays silent; 0 or absent: no pings. */
  pingIntervalMs?: number;
  /** Silence after which a pinged peer counts as gone. */
  silenceTimeoutMs?: number;
  /** Called with the bytes that came from the websocket, before they are passed on. */
  onReceived?: (bytes: Buffer) => void;
}

/** Above this many bytes waiting in the websocket, the socket is not read. */
const highWaterBytes = 256 * 1024;

/**
 * Joins a websocket and a byte stream as `plain.kubevirt.io` wants it: each binary message is a piece of the
 * byte stream, text messages are ignored, a close on one side closes the other. Back-pressure works both ways.
 * Resolves when both are closed; never rejects.
 */
export function spliceWebSocket(ws: WebSocket, socket: Duplex, options: SpliceOptions = {}): Promise<void> {
  ws.on("message", (data: RawData, isBinary: boolean) => {
    if (!isBinary) return;
    const bytes = toBuffer(data);
    options.onReceived?.(bytes);
    if (socket.writable && !socket.write(bytes)) ws.pause();
  });
  socket.on("drain", () => ws.resume());
  socket.on("data", (bytes: Buffer) => {
    ws.send(bytes, { binary: true }, () => {
      if (ws.bufferedAmount < highWaterBytes) socket.resume();
    });
    if (ws.bufferedAmount >= highWaterBytes) socket.pause();
  });
  const stopPinging = keepAlive(ws, options);
  ws.resume();
  return new Promise((resolve) => {
    socket.on("end", () => closeWebSocket(ws));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => closeWebSocket(ws));
    ws.on("error", () => ws.terminate());
    ws.on("close", (code: number) => {
      stopPinging();
      // After a proper goodbye what was received still goes out; after a break nobody needs it.
      if (code === 1000) socket.end(() => socket.destroy());
      else socket.destroy();
      resolve();
    });
    // Gone before they were joined: nothing tells of it any more.
    if (socket.destroyed) closeWebSocket(ws);
    if (ws.readyState === ws.CLOSED) ws.emit("close", 1006, Buffer.alloc(0));
  });
}

/** Says goodbye; a websocket that is held back by back-pressure must read on to see the answer. */
export function closeWebSocket(ws: WebSocket): void {
  ws.resume();
  ws.close(1000);
}

function keepAlive(ws: WebSocket, { pingIntervalMs = 0, silenceTimeoutMs = 60_000 }: SpliceOptions): () => void {
  if (pingIntervalMs <= 0) return () => undefined;
  let heardAt = Date.now();
  const heard = (): void => {
    heardAt = Date.now();
  };
  ws.on("pong", heard);
  ws.on("message", heard);
  const timer = setInterval(() => {
    if (Date.now() - heardAt > silenceTimeoutMs) ws.terminate();
    else if (ws.readyState === ws.OPEN) ws.ping();
  }, pingIntervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

export function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
