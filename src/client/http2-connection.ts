import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { PassThrough, type Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import { messageOf } from "../base/errors.ts";
import { type Connection, type TransportRequest, type TransportResponse, UnsentError } from "./transport.ts";

const pingIntervalMs = 10_000;
const pingTimeoutMs = 10_000;
/** Wide enough that watches nobody reads for a moment never hold up the other streams of the session. */
const sessionWindowBytes = 64 << 20;
const streamWindowBytes = 1 << 20;

/** All requests as streams of one HTTP/2 session. */
export function http2Connection(server: string, socket: TLSSocket): Connection {
  const session = connect(server, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: streamWindowBytes },
  });
  session.once("remoteSettings", () => session.setLocalWindowSize(sessionWindowBytes));
  // Each stream reports the failure to its own caller; the session has nobody else to tell.
  session.on("error", () => undefined);
  keepAlive(session);
  return {
    get usable() {
      return !session.closed && !session.destroyed;
    },
    send: (request) => send(session, request),
    close: () => session.destroy(),
  };
}

/** A server that vanished without closing (host died, network cut) is noticed by an unanswered ping. */
function keepAlive(session: ClientHttp2Session): void {
  const timer = setInterval(() => {
    if (session.destroyed) return;
    const overdue = setTimeout(() => session.destroy(new Error("the server does not answer pings")), pingTimeoutMs);
    overdue.unref();
    session.ping(() => clearTimeout(overdue));
  }, pingIntervalMs);
  timer.unref();
  session.once("close", () => clearInterval(timer));
}

function send(session: ClientHttp2Session, request: TransportRequest): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const stream = openStream(session, request);
    cancelOnAbort(stream, request.signal, reject);
    const body = bodyOf(stream);
    stream.once("response", (headers) => resolve({ status: Number(headers[":status"]), headers, body }));
    // Stays: after the answer began, its reader learns of errors from the stream itself.
    stream.on("error", (error) => reject(wasRefused(stream) ? new UnsentError(error.message) : error));
    stream.once("close", () => reject(request.signal?.aborted ? request.signal.reason : new Error("connection lost")));
    if (request.body !== undefined) stream.end(request.body);
  });
}

/**
 * What the stream says, as a stream that tells its end from a break. An HTTP/2 stream does not: it ends when its connection does, too; and
 * once it is over, read or not, `for await` throws `Premature close` (Node 24).
 */
function bodyOf(stream: ClientHttp2Stream): Readable {
  const body = new PassThrough();
  const fail = () => body.destroy(new Error(`the answer was cut off (HTTP/2 error ${stream.rstCode})`));
  // Whoever reads it learns of it; there may be nobody.
  body.on("error", () => undefined);
  body.once("close", () => stream.close(constants.NGHTTP2_CANCEL));
  stream.once("end", () => (stream.rstCode === constants.NGHTTP2_NO_ERROR ? body.end() : fail()));
  stream.once("close", () => stream.readableEnded || fail());
  return stream.pipe(body, { end: false });
}

function openStream(session: ClientHttp2Session, request: TransportRequest): ClientHttp2Stream {
  try {
    return session.request(
      { ":method": request.method, ":path": request.path, ...request.headers },
      { endStream: request.body === undefined },
    );
  } catch (error) {
    // The session ended after it was chosen.
    throw new UnsentError(messageOf(error), { cause: error });
  }
}

/** The peer promises with this code that it did nothing (RFC 9113, 8.7); servers that shut down send it. */
function wasRefused(stream: ClientHttp2Stream): boolean {
  return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
}

/** Does not wait for the stream to close: on a connection that stands still it would not. */
function cancelOnAbort(
  stream: ClientHttp2Stream,
  signal: AbortSignal | undefined,
  reject: (reason: unknown) => void,
): void {
  if (!signal) return;
  const cancel = () => {
    stream.close(constants.NGHTTP2_CANCEL);
    reject(signal.reason);
  };
  signal.addEventListener("abort", cancel, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", cancel));
}
