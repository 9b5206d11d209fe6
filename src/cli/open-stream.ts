import type { WebSocket } from "ws";
import { identityHeadersOf, tlsOptionsOf } from "../client/config.ts";
import { plainProtocol } from "../streams/accept-web-socket.ts";
import { dialWebSocket } from "../streams/dial-web-socket.ts";
import type { Connection } from "./connection.ts";
import { type Machine, subresourcePath } from "./subresource.ts";

/** Opens a byte stream into a machine (`console`, `vnc`, `portforward/22/tcp`); it comes paused. */
export async function openStream(
  { config }: Connection,
  machine: Machine,
  operation: string,
  protocol = plainProtocol,
): Promise<WebSocket> {
  const address = { server: config.server, tls: tlsOptionsOf(config), headers: await identityHeadersOf(config) };
  return dialWebSocket(address, subresourcePath(machine, operation), [protocol]);
}
