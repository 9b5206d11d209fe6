import type { ReadStream } from "node:tty";
import type { WebSocket } from "ws";
import { closeWebSocket, toBuffer } from "../streams/splice-web-socket.ts";

/**
 * A terminal joined with a machine's serial console.
 *
 *   open() -> connected --normal close--> closed
 *     ^          |  \--- Ctrl-] or end of input --> left
 *     '--broken--'
 *
 * What is typed while the connection is broken is lost, but Ctrl-] still works.
 */
export interface ConsoleSession {
  /** Gives a paused websocket; called again after the connection broke. */
  open: () => Promise<WebSocket>;
  input: NodeJS.ReadStream | NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  onConnected: () => void;
  onBroken: () => void;
}

export type ConsoleEnd = "left" | "closed";

const escape = 0x1d; // Ctrl-]
const normalClosure = 1000;

export async function attachConsole(session: ConsoleSession): Promise<ConsoleEnd> {
  const { input } = session;
  let current: WebSocket | undefined;
  const left = new Promise<"left">((resolve) => {
    input.on("data", (chunk: Buffer) => {
      const end = chunk.indexOf(escape);
      const typed = end < 0 ? chunk : chunk.subarray(0, end);
      if (typed.length > 0 && current?.readyState === 1) current.send(typed, { binary: true });
      if (end >= 0) resolve("left");
    });
    input.once("end", () => resolve("left"));
  });
  const restore = makeRaw(input);
  try {
    return await follow(session, left, (ws) => {
      current = ws;
    });
  } finally {
    restore();
    input.pause();
    if (current) closeWebSocket(current);
  }
}

async function follow(
  session: ConsoleSession,
  left: Promise<"left">,
  use: (ws: WebSocket) => void,
): Promise<ConsoleEnd> {
  for (;;) {
    const opened = session.open();
    const ws = await Promise.race([opened, left]);
    if (ws === "left") {
      opened.then((late) => late.terminate()).catch(() => undefined); // nobody waits for it any more
      return "left";
    }
    const closed = closing(ws, session.output);
    use(ws);
    session.onConnected();
    ws.resume();
    const end = await Promise.race([closed, left]);
    if (end !== "broken") return end;
    session.onBroken();
  }
}

function closing(ws: WebSocket, output: NodeJS.WritableStream): Promise<"closed" | "broken"> {
  ws.on("message", (data, isBinary) => {
    if (!isBinary || output.write(toBuffer(data))) return;
    ws.pause();
    output.once("drain", () => ws.resume());
  });
  return new Promise((resolve) => {
    ws.on("close", (code) => resolve(code === normalClosure ? "closed" : "broken"));
  });
}

/** Passes keys as they are typed, where the input is a terminal. @returns how to undo it */
function makeRaw(input: ConsoleSession["input"]): () => void {
  const terminal = input as Partial<ReadStream>;
  if (!terminal.isTTY || !terminal.setRawMode) return () => undefined;
  terminal.setRawMode(true);
  return () => terminal.setRawMode?.(false);
}
