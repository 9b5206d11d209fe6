import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { refuseUpgrade, responseHead } from "./http-head.ts";
import { splice } from "./splice.ts";
import { protocolsWithoutToken } from "./subprotocols.ts";
import { requestUpgrade, type Upstream } from "./upstream.ts";

/**
 * Passes an HTTP/1.1 Upgrade request (SPDY/3.1 or websocket) on to `upstream`. When the upstream switches
 * protocols its 101 is relayed and from then on the bytes flow untouched, both ways; a refusal is relayed
 * as it is. Resolves when both sides are closed; never rejects: failures are answered to the client.
 *
 *   kubectl ==TLS==> API server ==TLS==> kubelet ==TCP==> containerd
 */
export async function tunnelUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  upstream: Upstream,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  let answer: Awaited<ReturnType<typeof requestUpgrade>>;
  try {
    answer = await requestUpgrade(upstream, req.method ?? "GET", forwardedHeaders(req));
  } catch (error) {
    refuseUpgrade(socket, error);
    return;
  }
  if (!answer.switched) {
    await relayRefusal(answer.response, socket);
    return;
  }
  socket.write(responseHead(101, answer.response.statusMessage, answer.response.rawHeaders));
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) answer.socket.write(head);
  await splice(socket, answer.socket);
}

/** The request's headers without the client's credentials: the upstream gets ours (client certificate). */
export function forwardedHeaders(req: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (let index = 0; index + 1 < req.rawHeaders.length; index += 2) {
    const name = (req.rawHeaders[index] ?? "").toLowerCase();
    const value = withoutToken(name, req.rawHeaders[index + 1] ?? "");
    if (name === "authorization" || name === "host" || name === "cookie" || name.startsWith("impersonate-")) continue;
    // X-Stream-Protocol-Version and others may come several times: keep each.
    const before = headers[name];
    headers[name] = before === undefined ? value : [before as string | string[], value].flat();
  }
  return headers;
}

/** A token that came as a subprotocol is a credential like any other. */
function withoutToken(name: string, value: string): string {
  return name === "sec-websocket-protocol" ? protocolsWithoutToken(value).join(", ") : value;
}

/** Relays an ordinary response over the raw connection; its end is the connection's end. */
export async function relayRefusal(response: IncomingMessage, socket: Duplex): Promise<void> {
  const headers: string[] = [];
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    const name = response.rawHeaders[index] ?? "";
    if (/^(connection|transfer-encoding|keep-alive)$/i.test(name)) continue;
    headers.push(name, response.rawHeaders[index + 1] ?? "");
  }
  socket.write(responseHead(response.statusCode ?? 502, response.statusMessage, [...headers, "Connection", "close"]));
  await new Promise<void>((resolve) => {
    socket.on("close", resolve);
    if (socket.destroyed) {
      response.destroy();
      resolve();
    }
    response.on("error", () => socket.destroy());
    response.pipe(socket);
  });
}
