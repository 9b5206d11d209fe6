import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { StatusError } from "../base/errors.ts";
import { refuseUpgrade } from "./http-head.ts";
import { chooseProtocol, offeredProtocols } from "./subprotocols.ts";

export const plainProtocol = "plain.kubevirt.io";

const maxPayloadBytes = 16 * 1024 * 1024;
const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: maxPayloadBytes });
const chosenProtocol = new WeakMap<IncomingMessage, string>();

// `ws` refuses '/' in a subprotocol, but kubectl port-forward offers "SPDY/3.1+portforward.k8s.io": the
// negotiation is done here, `ws` sees a request without subprotocols, and the answer gets ours added.
server.on("headers", (headers, req) => {
  const protocol = chosenProtocol.get(req);
  if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
});

export interface AcceptedWebSocket {
  ws: WebSocket;
  /** The negotiated subprotocol; undefined when the client offered none. */
  protocol: string | undefined;
}

/**
 * Answers a websocket handshake with the first protocol the client prefers among `served`.
 * The websocket comes paused, so that no message is lost before its reader is attached: `ws.resume()` then.
 * A client that offers none is accepted without one; a client that offers only others is refused (undefined).
 * Of a client that has gone meanwhile nothing comes either.
 */
export function acceptWebSocket(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  served: readonly string[],
): Promise<AcceptedWebSocket | undefined> {
  const offered = offeredProtocols(req);
  const protocol = chooseProtocol(offered, served);
  if (offered.length > 0 && protocol === undefined) {
    const wanted = served.join(", ");
    refuseUpgrade(
      socket,
      new StatusError(
        "BadRequest",
        `websocket subprotocols [${offered.join(", ")}] are not served here: offer one of [${wanted}]`,
      ),
    );
    return Promise.resolve(undefined);
  }
  if (protocol !== undefined) chosenProtocol.set(req, protocol);
  delete req.headers["sec-websocket-protocol"];
  return new Promise((resolve) => {
    // A malformed handshake is answered by `ws`, which then closes the connection.
    socket.once("close", () => resolve(undefined));
    // Gone while something was prepared for it: nothing tells of it any more.
    if (socket.destroyed) return resolve(undefined);
    server.handleUpgrade(req, socket, head, (ws) => {
      // An error is always followed by 'close', which every user of the websocket handles.
      ws.on("error", () => undefined);
      ws.pause();
      resolve({ ws, protocol });
    });
  });
}
