/**
 * A client for the QEMU guest agent behind its unix socket.
 *
 * The other side is the guest: it may not be there, may hang in the middle of an answer, or lie. So every call has a connection
 * of its own, and begins with `guest-sync-delimited`: what an earlier, given-up call left in the channel ends at
 * its 0xff byte. A call never waits longer than its timeout, and answers are bounded.
 *
 *   connect -> 0xff sync(id) -> ... 0xff {"return": id} -> command -> answer -> close
 */
import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { connectSocketFile } from "../../base/connect-socket-file.ts";
import { QmpClosed, QmpError, QmpProtocolError, QmpTimeout } from "../qmp/errors.ts";
import { LineSplitter } from "../qmp/lines.ts";
import { parseMessage, type QmpMessage } from "../qmp/message.ts";

export interface GuestCallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

const defaultTimeoutMs = 5000;
const maxAnswerLength = 32 * 1024 * 1024;
const delimiter = 0xff;

export class GuestAgent {
  readonly socketPath: string;
  /** QEMU serves one client of the socket at a time: calls queue here instead. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /**
   * Runs one agent command. The answer comes from the guest: treat it as untrusted.
   * @throws QmpError | QmpTimeout | QmpClosed | QmpProtocolError
   */
  call(command: string, args: object = {}, options: GuestCallOptions = {}): Promise<unknown> {
    const turn = this.#last.then(() => callOnce(this.socketPath, command, args, options));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** For commands that answer only when they fail, such as `guest-shutdown`: silence within the timeout is success. */
  async send(command: string, args: object = {}, options: GuestCallOptions = {}): Promise<void> {
    try {
      await this.call(command, args, { ...options, timeoutMs: options.timeoutMs ?? 1000 });
    } catch (error) {
      const silent = error instanceof QmpTimeout || error instanceof QmpClosed;
      if (!silent || !(error instanceof Error) || error.cause === "synchronising") throw error;
    }
  }
}

async function callOnce(
  socketPath: string,
  command: string,
  args: object,
  options: GuestCallOptions,
): Promise<unknown> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const refused = new QmpError(command, "GenericError", "");
  const exchange = new Exchange(socketPath, command, timeoutMs, options.signal);
  try {
    const id = randomInt(2 ** 31);
    await exchange.synchronise(id);
    const message = await exchange.request(command, args);
    if (message.type === "return") return message.value;
    throw Object.assign(refused, { ...message, message: `${command}: ${message.description}` });
  } finally {
    exchange.end();
  }
}

type Answer = Extract<QmpMessage, { type: "return" | "error" }>;

/** One connection: a request at a time, all within one timeout. */
class Exchange {
  readonly #socket: Socket;
  readonly #splitter = new LineSplitter(maxAnswerLength);
  readonly #timer: NodeJS.Timeout;
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  #onAnswer: ((answer: Answer) => void) | undefined;
  #skipping = true;
  #stage: "synchronising" | "answering" = "synchronising";

  constructor(socketPath: string, command: string, timeoutMs: number, signal: AbortSignal | undefined) {
    const timedOut = new QmpTimeout(socketPath, command, timeoutMs);
    const closed = new QmpClosed(socketPath, `${command}: the guest agent's channel closed`);
    this.#failed = new Promise((_, reject) => {
      this.#fail = (error) => reject(error);
    });
    this.#failed.catch(() => undefined);
    this.#timer = setTimeout(() => this.#fail(Object.assign(timedOut, { cause: this.#stage })), timeoutMs);
    this.#socket = connectSocketFile(socketPath);
    this.#socket.on("error", (error) => this.#fail(Object.assign(closed, { cause: error })));
    this.#socket.on("close", () => this.#fail(Object.assign(closed, { cause: this.#stage })));
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    signal?.addEventListener("abort", () => this.#fail(signal.reason as Error), { once: true });
  }

  async synchronise(id: number): Promise<void> {
    // The leading byte makes the agent drop whatever half a command it was reading.
    this.#socket.write(Buffer.of(delimiter));
    for (;;) {
      const answer = await this.request("guest-sync-delimited", { id });
      if (answer.type === "return" && answer.value === id) break;
      if (answer.type === "error")
        throw new QmpProtocolError(`the guest agent cannot synchronise: ${answer.description}`);
    }
    this.#stage = "answering";
  }

  request(execute: string, args: object): Promise<Answer> {
    const answer = new Promise<Answer>((resolve) => {
      this.#onAnswer = resolve;
    });
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    return Promise.race([answer, this.#failed]);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  /** Everything before the delimiter belongs to somebody else. */
  #receive(chunk: Buffer): void {
    const start = chunk.lastIndexOf(delimiter) + 1;
    if (start > 0) this.#splitter.reset();
    if (this.#skipping && start === 0) return;
    this.#skipping = false;
    try {
      for (const line of this.#splitter.push(chunk.subarray(start))) this.#dispatch(parseMessage(line));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #dispatch(message: QmpMessage): void {
    if (message.type !== "return" && message.type !== "error") return;
    this.#onAnswer?.(message);
    this.#onAnswer = undefined;
  }
}
