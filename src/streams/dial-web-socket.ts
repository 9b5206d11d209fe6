import type { IncomingMessage } from "node:http";
import type { ConnectionOptions } from "node:tls";
import { WebSocket } from "ws";
import { messageOf, type Status, StatusError, UnreachableError } from "../base/errors.ts";

/** How to reach an API server; the caller resolves it from its client configuration. */
export interface WebSocketServerAddress {
  /** `https://host:port[/prefix]`. */
  server: string;
  tls?: ConnectionOptions;
  /** What identifies the caller beyond TLS, e.g. Authorization. */
  headers?: Record<string, string>;
}

const handshakeTimeoutMs = 10_000;
const maxRefusalBytes = 64 * 1024;

/**
 * Opens a websocket to an API path. It comes paused, so that no message is lost before its reader is attached:
 * `spliceWebSocket` resumes it, others call `ws.resume()`.
 * @throws StatusError what the server answered instead, or UnreachableError.
 */
export function dialWebSocket(address: WebSocketServerAddress, path: string, protocols: string[]): Promise<WebSocket> {
  const url = `${address.server.replace(/^http/, "ws").replace(/\/$/, "")}${path}`;
  const ws = new WebSocket(url, protocols, {
    ...address.tls,
    headers: address.headers ?? {},
    handshakeTimeout: handshakeTimeoutMs,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    ws.on("error", (error) => reject(new UnreachableError(`cannot reach ${url}: ${messageOf(error)}`, error)));
    ws.on("unexpected-response", (request, response) => {
      readRefusal(response)
        .then(reject, reject)
        .finally(() => request.destroy());
    });
    ws.once("open", () => {
      ws.pause();
      resolve(ws);
    });
  });
}

async function readRefusal(response: IncomingMessage): Promise<StatusError> {
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > maxRefusalBytes) break;
  }
  const code = response.statusCode ?? 500;
  if (/json/.test(response.headers["content-type"] ?? "")) {
    const status = parseStatus(text);
    if (status) return StatusError.from({ code, ...status });
  }
  return new StatusError(code === 404 ? "NotFound" : "InternalError", text.trim() || `HTTP ${code}`, undefined, code);
}

function parseStatus(text: string): Partial<Status> | undefined {
  try {
    const value = JSON.parse(text) as Partial<Status>;
    return value.kind === "Status" ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
