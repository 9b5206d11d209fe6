import type { IncomingMessage } from "node:http";

/** Browsers cannot set Authorization on a websocket: Kubernetes accepts a bearer token as a subprotocol. */
const bearerPrefix = "base64url.bearer.authorization.k8s.io.";

/** The websocket subprotocols that a request offers, in its order, without any credential among them. */
export function offeredProtocols(req: Pick<IncomingMessage, "headers">): string[] {
  return protocolsWithoutToken(req.headers["sec-websocket-protocol"] ?? "");
}

/** Of the header's value. */
export function protocolsWithoutToken(header: string): string[] {
  return listOf(header).filter((protocol) => !protocol.startsWith(bearerPrefix));
}

/** A bearer token offered as a websocket subprotocol, decoded. */
export function bearerFromProtocols(req: Pick<IncomingMessage, "headers">): string | undefined {
  const offer = listOf(req.headers["sec-websocket-protocol"] ?? "").find((each) => each.startsWith(bearerPrefix));
  return offer && Buffer.from(offer.slice(bearerPrefix.length), "base64url").toString("utf8");
}

/** The first of the server's protocols, in the client's order of preference, or undefined when none is common. */
export function chooseProtocol(offered: readonly string[], served: readonly string[]): string | undefined {
  return offered.find((protocol) => served.includes(protocol));
}

function listOf(header: string): string[] {
  return header
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
}
