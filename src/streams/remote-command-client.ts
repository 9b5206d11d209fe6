/** The asking end of `v5.channel.k8s.io`: feeds a program's input, hands on what it writes, and returns how it ended. */
import type { Readable } from "node:stream";
import type { WebSocket } from "ws";
import { type Status, StatusError } from "../base/errors.ts";
import { channel } from "./remote-command-channels.ts";
import { toBuffer } from "./splice-web-socket.ts";

export interface RemoteCommand {
  /** Absent: the program has no input. */
  stdin?: Readable | AsyncIterable<Buffer>;
  /** While the promise that it returns is open, nothing more is read. */
  onOutput: (from: "stdout" | "stderr", bytes: Buffer) => Promise<void> | void;
}

const highWaterBytes = 256 * 1024;

/**
 * The websocket comes paused, as dialled.
 * @throws what reading the input or taking the output throws; StatusError ServiceUnavailable when the connection breaks before the end
 */
export async function runRemoteCommand(ws: WebSocket, command: RemoteCommand): Promise<Status> {
  const ended = new AbortController();
  try {
    const status = outputOf(ws, command.onOutput);
    const fed = feed(ws, command.stdin, ended.signal);
    // An input that goes on for ever does not hold up the end; one that fails is the end.
    return await Promise.race([status, fed.then(() => status)]);
  } finally {
    ended.abort();
    ws.terminate();
  }
}

async function feed(ws: WebSocket, stdin: RemoteCommand["stdin"], ended: AbortSignal): Promise<void> {
  for await (const chunk of stdin ?? []) {
    if (ended.aborted || ws.readyState !== ws.OPEN) return;
    await send(ws, Buffer.concat([Buffer.of(channel.stdin), chunk as Buffer]));
  }
  await send(ws, Buffer.of(channel.close, channel.stdin));
}

function send(ws: WebSocket, message: Buffer): Promise<void> {
  return new Promise((resolve) => {
    ws.send(message, { binary: true }, () => resolve());
    if (ws.bufferedAmount < highWaterBytes) resolve();
  });
}

function outputOf(ws: WebSocket, onOutput: RemoteCommand["onOutput"]): Promise<Status> {
  return new Promise((resolve, reject) => {
    let taken = Promise.resolve();
    let status: Status | undefined;
    const take = async (from: "stdout" | "stderr", bytes: Buffer): Promise<void> => {
      ws.pause();
      await onOutput(from, bytes);
      ws.resume();
    };
    ws.on("message", (data, isBinary) => {
      if (!isBinary) return;
      const message = toBuffer(data);
      const bytes = message.subarray(1);
      if (message[0] === channel.error) status = JSON.parse(bytes.toString()) as Status;
      const from = message[0] === channel.stdout ? "stdout" : message[0] === channel.stderr ? "stderr" : undefined;
      if (from !== undefined) taken = taken.then(() => take(from, bytes));
      taken.catch(reject);
    });
    ws.on("close", () => {
      taken.then(() => (status ? resolve(status) : reject(brokenOff())), reject);
    });
    ws.resume();
  });
}

function brokenOff(): StatusError {
  return new StatusError("ServiceUnavailable", "the connection broke before the end was told");
}
