/** Passes an upstream's plain HTTP answer on to the client, as it comes (logs are followed this way). */
import https from "node:https";
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import type { ApiResponse } from "../../../api/admission.ts";
import { messageOf, StatusError } from "../../base/errors.ts";
import { onClosed } from "../../http/on-closed.ts";
import type { Upstream } from "../../streams/upstream.ts";

export async function relayGet(upstream: Upstream, response: ApiResponse): Promise<void> {
  const answer = await get(upstream, response);
  response.statusCode = answer.statusCode ?? 502;
  response.setHeader("content-type", answer.headers["content-type"] ?? "text/plain");
  if ("flushHeaders" in response) response.flushHeaders();
  else response.writeHead(response.statusCode);
  try {
    await pipeline(answer, response);
  } catch (error) {
    // One side went away in the middle: the other is closed, nobody is left to be told.
    if (!isBrokenStream(error)) throw error;
  }
}

function get(upstream: Upstream, response: ApiResponse): Promise<IncomingMessage> {
  const { host, port, path, tls } = upstream;
  return new Promise((resolve, reject) => {
    const request = https.request({ host, port, path, ...tls, agent: false }, resolve);
    request.on("error", (error) =>
      reject(
        new StatusError(
          "ServiceUnavailable",
          `cannot reach https://${host ?? ""}:${port ?? ""}${path}: ${messageOf(error)}`,
        ),
      ),
    );
    onClosed(response, () => request.destroy());
    request.end();
  });
}

function isBrokenStream(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return [
    "ERR_STREAM_PREMATURE_CLOSE",
    "ECONNRESET",
    "EPIPE",
    "ERR_HTTP2_STREAM_ERROR",
    "ERR_STREAM_DESTROYED",
  ].includes(code);
}
