/**
 * The serial port of one guest, shared out: QEMU serves a single client, and a connected client that does not read
 * stalls the guest's own writing. So we stay connected, always read, and hand on what comes.
 *
 *   QEMU serial0.sock ──▶ always drained ──▶ tail (for boot failures, and the prompt a new client is shown)
 *                                      └──▶ the one client; a new client takes the place of the old
 *
 * A client that cannot keep up loses output, the guest loses no time.
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { connectSocketFile } from "../../base/connect-socket-file.ts";
import { toBuffer } from "../../streams/splice-web-socket.ts";

export interface ConsoleTimes {
  firstOutputMs?: number;
  /** When the kernel said its first words. */
  kernelMs?: number;
}

export interface SerialConsole {
  /** The last text that came. */
  tail(): string;
  times(): ConsoleTimes;
  /** Resolves when the client is gone or was replaced. */
  attach(client: WebSocket): Promise<void>;
  close(): void;
  readonly closed: Promise<void>;
}

const tailLength = 4096;
/** Linux says its version first; one that was told to be quiet says something later. */
const kernelWords = /Linux version \d|\[ {2,4}\d\.\d{6}\] /;
const longestWords = 32;
const clientBacklogBytes = 1024 * 1024;
const replacedCode = 1000;
const goneCode = 1000;
const goneReason = "the guest's console is gone";

/** Resolves once connected. */
export function openSerialConsole(socketPath: string): Promise<SerialConsole> {
  return new Promise((resolve, reject) => {
    const socket = connectSocketFile(socketPath);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(serve(socket));
    });
  });
}

function serve(socket: Socket): SerialConsole {
  let tail = "";
  const times: ConsoleTimes = {};
  let current: WebSocket | undefined;
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      current?.close(goneCode, goneReason);
      resolve();
    });
  });
  // An error is followed by `close`.
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => {
    tail = (tail + bytes.toString("latin1")).slice(-tailLength);
    times.firstOutputMs ??= Date.now();
    if (times.kernelMs === undefined && kernelWords.test(tail.slice(-bytes.length - longestWords)))
      times.kernelMs = Date.now();
    if (current && current.bufferedAmount < clientBacklogBytes) current.send(bytes, { binary: true });
  });

  return {
    closed,
    tail: () => tail,
    times: () => times,
    close: () => socket.destroy(),
    attach(client) {
      current?.close(replacedCode, "another client took the console");
      current = client;
      if (socket.destroyed) client.close(goneCode, goneReason);
      const prompt = lastLine(tail);
      if (prompt !== "") client.send(Buffer.from(prompt, "latin1"), { binary: true });
      client.on("message", (data, isBinary) => {
        if (isBinary && current === client) socket.write(toBuffer(data));
      });
      client.resume();
      return new Promise((resolve) => {
        client.once("close", () => {
          if (current === client) current = undefined;
          resolve();
        });
      });
    },
  };
}

/** What the guest wrote since its last line break, without escape sequences: usually a prompt. */
export function lastLine(tail: string): string {
  const line = tail.slice(tail.lastIndexOf("\n") + 1);
  return line.includes("\u001b") ? "" : line;
}
