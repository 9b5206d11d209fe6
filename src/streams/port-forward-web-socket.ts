import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { acceptWebSocket } from "./accept-web-socket.ts";
import { refuseUpgrade } from "./http-head.ts";
import { spliceWebSocket } from "./splice-web-socket.ts";
import { relayRefusal } from "./tunnel-upgrade.ts";
import { requestUpgrade, type UpgradeAnswer, type Upstream } from "./upstream.ts";

/** What kubectl >= 1.31 offers for port-forward: a SPDY/3.1 connection inside websocket messages. */
export const portForwardProtocol = "SPDY/3.1+portforward.k8s.io";

/** Connects the SPDY bytes inside the client's websocket with a SPDY connection to the upstream. */
export async function proxyPortForwardWebSocket(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  upstream: Upstream,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  let answer: UpgradeAnswer;
  try {
    answer = await requestUpgrade(upstream, "POST", spdyUpgradeHeaders("portforward.k8s.io"));
  } catch (error) {
    refuseUpgrade(socket, error);
    return;
  }
  if (!answer.switched) return relayRefusal(answer.response, socket);
  const accepted = await acceptWebSocket(req, socket, head, [portForwardProtocol]);
  if (!accepted) {
    answer.socket.destroy();
    return;
  }
  if (answer.head.length > 0) answer.socket.unshift(answer.head);
  await spliceWebSocket(accepted.ws, answer.socket);
}

/** Asks for SPDY/3.1 with one Kubernetes stream protocol on top. */
export function spdyUpgradeHeaders(protocol: string): Record<string, string> {
  return { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": protocol, "content-length": "0" };
}
