/** Where a request carries what proves its sender. */
import type { ApiRequest } from "../../api/admission.ts";
import { bearerFromProtocols } from "../streams/subprotocols.ts";

/** The bearer token; browsers send it as a websocket subprotocol. */
export function bearerOf(request: ApiRequest): string | undefined {
  const header = request.headers.authorization;
  if (header?.toLowerCase().startsWith("bearer ")) return header.slice("bearer ".length).trim();
  return bearerFromProtocols(request);
}

/** One object for all requests of a connection. */
export function connectionOf(request: ApiRequest): object {
  return ("stream" in request ? request.stream.session : undefined) ?? request.socket;
}
