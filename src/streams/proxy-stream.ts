import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { portForwardProtocol, proxyPortForwardWebSocket } from "./port-forward-web-socket.ts";
import { proxyRemoteCommandWebSocket, remoteCommandV5 } from "./remote-command-web-socket.ts";
import { chooseProtocol, offeredProtocols } from "./subprotocols.ts";
import { tunnelUpgrade } from "./tunnel-upgrade.ts";
import type { Upstream } from "./upstream.ts";

/**
 * The API server's side of exec, attach and portforward: takes the client's Upgrade request to an upstream
 * that speaks SPDY/3.1 and the older websocket protocols (a kubelet).
 *
 *   client offers                                  what happens
 *   SPDY/3.1                                       tunnel of raw bytes
 *   websocket v5.channel.k8s.io (kubectl >= 1.30)  translated to SPDY/3.1 streams
 *   websocket SPDY/3.1+portforward.k8s.io          unwrapped: the messages are pieces of a SPDY/3.1 connection
 *   websocket v4.channel.k8s.io and older          tunnel of raw bytes
 *
 * Resolves when the stream is over; never rejects: failures are answered to the client.
 */
export function proxyStream(req: IncomingMessage, socket: Duplex, head: Buffer, upstream: Upstream): Promise<void> {
  if (req.headers.upgrade?.toLowerCase() !== "websocket") return tunnelUpgrade(req, socket, head, upstream);
  switch (chooseProtocol(offeredProtocols(req), [remoteCommandV5, portForwardProtocol])) {
    case remoteCommandV5:
      return proxyRemoteCommandWebSocket(req, socket, head, upstream);
    case portForwardProtocol:
      return proxyPortForwardWebSocket(req, socket, head, upstream);
    default:
      return tunnelUpgrade(req, socket, head, upstream);
  }
}
