/**
 * A client for one QEMU monitor (QMP) on a unix socket.
 *
 *   connect -> greeting -> qmp_capabilities -> ready --socket ends--> closed
 *
 * Invariants:
 * - A command settles exactly once: answer, QmpError, QmpTimeout, or QmpClosed. On close, everything pending is
 *   rejected, and every later call too; nothing ever hangs.
 * - The error of a call is made when it is called, so that its stack names the caller.
 * - QEMU serves one client a socket at a time. Reconnecting is the caller's: only it knows what to observe again.
 */
import type { Socket } from "node:net";
import { connectSocketFile } from "../../base/connect-socket-file.ts";
import type { QmpCommand, QmpCommands } from "./commands.ts";
import { QmpClosed, QmpError, QmpProtocolError, QmpTimeout } from "./errors.ts";
import { LineSplitter } from "./lines.ts";
import { parseMessage, type QmpEvent, type QmpMessage } from "./message.ts";

export interface QmpConnectOptions {
  /** For the socket, the greeting and the capabilities together. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface QmpExecuteOptions {
  timeoutMs?: number;
}

interface Pending {
  settle(message: QmpMessage): void;
  reject(cause: Error): void;
}

type Args<C extends QmpCommand> = QmpCommands[C]["args"];
type Optional<C extends QmpCommand> = Record<string, never> extends Args<C> ? [args?: Args<C>] : [args: Args<C>];

const defaultTimeoutMs = 10_000;

export class QmpClient {
  /** QEMU's version, e.g. `7.2.22`. */
  readonly version: string;
  readonly socketPath: string;
  /** Resolves when the connection has ended, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;

  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  #nextId = 1;
  #closeCause: Error | undefined;

  private constructor(socketPath: string, socket: Socket, version: string) {
    this.socketPath = socketPath;
    this.version = version;
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve(this.#onClose())));
  }

  static connect(socketPath: string, options: QmpConnectOptions = {}): Promise<QmpClient> {
    return QmpClient.over(connectSocketFile(socketPath), socketPath, options);
  }

  /** On a connection that leads to a monitor; `name` tells of it in errors. */
  static async over(connection: Socket, name: string, options: QmpConnectOptions = {}): Promise<QmpClient> {
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const startedMs = performance.now();
    const { socket, splitter, version, rest } = await greet(connection, name, timeoutMs, options.signal);
    const client = new QmpClient(name, socket, version);
    socket.on("data", (chunk: Buffer) => client.#receive(() => splitter.push(chunk)));
    client.#receive(() => rest);
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startedMs));
    try {
      await client.execute("qmp_capabilities", {}, { timeoutMs: leftMs });
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /**
   * Runs one command.
   * @throws QmpError | QmpClosed | QmpTimeout
   */
  execute<C extends QmpCommand>(
    command: C,
    ...[args, options]: [...Optional<C>, options?: QmpExecuteOptions]
  ): Promise<QmpCommands[C]["answer"]> {
    const timeoutMs = (options as QmpExecuteOptions | undefined)?.timeoutMs ?? defaultTimeoutMs;
    const id = this.#nextId++;
    const closed = new QmpClosed(this.socketPath, `${command}: the monitor is closed`);
    const timedOut = new QmpTimeout(this.socketPath, command, timeoutMs);
    const refused = new QmpError(command, "GenericError", "");
    if (this.#closeCause) return Promise.reject(withCause(closed, this.#closeCause));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#pending.delete(id) && reject(timedOut), timeoutMs);
      this.#pending.set(id, {
        settle(message) {
          clearTimeout(timer);
          if (message.type === "return") resolve(message.value);
          else if (message.type === "error") reject(filledIn(refused, message));
        },
        reject(cause) {
          clearTimeout(timer);
          reject(withCause(closed, cause));
        },
      });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  /** Calls `listener` for every event; returns how to stop that. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(read: () => string[]): void {
    try {
      for (const line of read()) this.#dispatch(parseMessage(line));
    } catch (error) {
      if (!(error instanceof QmpProtocolError)) throw error;
      this.#socket.destroy(error);
    }
  }

  #dispatch(message: QmpMessage): void {
    if (message.type === "event") {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    if (message.type === "greeting" || message.id === undefined) return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    // An answer nobody waits for belongs to a command that timed out.
    pending?.settle(message);
  }

  #onClose(): void {
    const cause = this.#socket.errored ?? new QmpClosed(this.socketPath, "the connection ended");
    this.#closeCause = cause;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const each of pending) each.reject(cause);
  }
}

interface Greeted {
  socket: Socket;
  splitter: LineSplitter;
  version: string;
  /** Lines that came with the greeting. */
  rest: string[];
}

/** Waits for the greeting, which QEMU sends only once no other client holds the socket. */
function greet(socket: Socket, name: string, timeoutMs: number, signal?: AbortSignal): Promise<Greeted> {
  const timedOut = new QmpTimeout(name, "greeting", timeoutMs);
  const closed = new QmpClosed(name, "no greeting from the monitor");
  return new Promise((resolve, reject) => {
    const splitter = new LineSplitter();
    const fail = (error: Error): void => {
      finish();
      socket.on("error", () => undefined).destroy();
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      try {
        const [first, ...rest] = splitter.push(chunk);
        if (first === undefined) return;
        const message = parseMessage(first);
        if (message.type !== "greeting") throw new QmpProtocolError(`expected a greeting, got: ${first.slice(0, 200)}`);
        finish();
        socket.on("error", () => undefined);
        resolve({ socket, splitter, version: message.version, rest });
      } catch (error) {
        fail(error as Error);
      }
    };
    const onError = (error: Error): void => fail(withCause(closed, error));
    const onClose = (): void => fail(closed);
    const onAbort = (): void => fail(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    const timer = setTimeout(() => fail(timedOut), timeoutMs);
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("data", onData).off("error", onError).off("close", onClose);
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("data", onData).on("error", onError).on("close", onClose);
  });
}

function withCause<E extends Error>(error: E, cause: Error): E {
  error.cause = cause;
  return error;
}

/** The answer arrives after the error was made: only its text and class are new. */
function filledIn(error: QmpError, message: Extract<QmpMessage, { type: "error" }>): QmpError {
  return Object.assign(error, {
    errorClass: message.errorClass,
    description: message.description,
    message: `${error.command}: ${message.description}`,
  });
}
