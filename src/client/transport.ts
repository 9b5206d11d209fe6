/**
 * Requests and answers as bytes, over the one connection that a client holds.
 *
 *   send() --> connection? --no--> dial (TLS, ALPN h2 or http/1.1) --> h2: streams of one session
 *                 ^                                                \-> http/1.1: a keep-alive agent
 *                 '---- forgotten when it closes, says GOAWAY or leaves a ping unanswered
 *
 * Invariants: a broken connection is never given to a new request; a request that may have reached the
 * server is never sent twice here (whether repeating is safe is for the caller to know).
 */
import type { Readable } from "node:stream";
import { InvariantError } from "../base/errors.ts";
import { type ClientConfig, identityHeadersOf } from "./config.ts";
import { dial } from "./dial.ts";

export interface TransportRequest {
  method: string;
  /** With the query. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
}

export interface TransportResponse {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: Readable;
}

export interface Connection {
  readonly usable: boolean;
  send(request: TransportRequest): Promise<TransportResponse>;
  close(): void;
}

/** The server certainly did not act on the request. */
export class UnsentError extends Error {
  override readonly name = "UnsentError";
}

/** Connections that a request is tried on. */
const maximumTries = 3;

export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>;
  close(): void;
}

export function createTransport(config: ClientConfig): Transport {
  let connecting: Promise<Connection> | undefined;
  let current: Connection | undefined;
  const closing = new AbortController();

  async function connection(): Promise<Connection> {
    if (closing.signal.aborted) throw new InvariantError(`the client of ${config.server} is closed`);
    if (current?.usable) return current;
    connecting ??= dial(config, closing.signal).finally(() => {
      connecting = undefined;
    });
    current = await connecting;
    if (closing.signal.aborted) current.close();
    return current;
  }

  async function sendOnce(request: TransportRequest): Promise<TransportResponse> {
    request.signal?.throwIfAborted();
    const [open, identity] = await untilAborted(Promise.all([connection(), identityHeadersOf(config)]), request.signal);
    return open.send({ ...request, headers: { ...identity, ...request.headers } }).catch((error: unknown) => {
      if (error instanceof UnsentError && current === open) current = undefined;
      throw error;
    });
  }

  return {
    async send(request) {
      for (let attempt = 1; attempt < maximumTries; attempt++) {
        try {
          return await sendOnce(request);
        } catch (error) {
          if (!(error instanceof UnsentError)) throw error;
        }
      }
      return sendOnce(request);
    },
    close() {
      closing.abort();
      current?.close();
    },
  };
}

/** Others may want what is awaited here, so it goes on; only this caller stops waiting. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
