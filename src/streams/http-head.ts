import type { Duplex } from "node:stream";
import { messageOf, StatusError } from "../base/errors.ts";
import { STATUS_CODES } from "node:http";

/** An HTTP/1.1 response head as it goes over the wire; `rawHeaders` alternates names and values. */
export function responseHead(status: number, reason: string | undefined, rawHeaders: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} ${reason || STATUS_CODES[status] || "Unknown"}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Answers an Upgrade request that will not be upgraded, with a `metav1.Status` body, and closes the connection. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const status = error instanceof StatusError ? error : new StatusError("InternalError", messageOf(error));
  const body = Buffer.from(JSON.stringify(status.toStatus()));
  const headers = ["Content-Type", "application/json", "Content-Length", String(body.length), "Connection", "close"];
  // The client may be gone already: there is nobody left to tell.
  socket.on("error", () => socket.destroy());
  socket.write(responseHead(status.code, undefined, headers));
  socket.end(body);
}
