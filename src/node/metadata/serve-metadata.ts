/** HTTP to a guest, which is not trusted: small, few and short requests, each answered whole. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Server } from "node:net";
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { answer, type MetadataAnswer } from "./answer.ts";
import type { InstanceFacts } from "./metadata-tree.ts";
import { createTokens } from "./tokens.ts";

const limits = { headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 4_096 };
const connectionCheckMs = 2_000;
const mostConnections = 16;

/** Answers who connects to `socket`; the returned function ends that, and closes the socket. */
export function serveMetadata(socket: Server, facts: () => Promise<InstanceFacts>, log: Logger): () => void {
  const tokens = createTokens();
  const http = createServer({ ...limits, connectionsCheckingInterval: connectionCheckMs }, (request, response) => {
    respond(request, response).catch((error: unknown) => {
      log.warn({ error: messageOf(error) }, "cannot tell a guest who it is");
      send(response, { status: 503, body: "try again\n" });
    });
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const [path = "/"] = (request.url ?? "/").split("?");
    send(response, await answer({ method: request.method ?? "", path, headers: request.headers }, tokens, facts));
  }

  socket.maxConnections = mostConnections;
  socket.on("connection", (connection) => http.emit("connection", connection));
  return () => {
    socket.close();
    http.closeAllConnections();
    http.close();
  };
}

function send(response: ServerResponse, { status, headers, body }: MetadataAnswer): void {
  const bytes = Buffer.from(body);
  const common = { "content-type": "text/plain", "content-length": bytes.length, server: "vmpod" };
  response.writeHead(status, { ...common, ...headers }).end(bytes);
}
