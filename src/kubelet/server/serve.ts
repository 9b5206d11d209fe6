/**
 * The kubelet's HTTPS API, with the real one's paths. Its only client is the API server, which checked before that
 * the user may do what he asks.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import { messageOf, StatusError } from "../../base/errors.ts";
import { isCriError } from "../../cri/client.ts";
import { refuseUpgrade } from "../../streams/http-head.ts";
import { tunnelUpgrade } from "../../streams/tunnel-upgrade.ts";
import { authorize } from "./authorize.ts";
import { serveContainerLogs } from "./container-logs.ts";
import { isStreamVerb, openStream } from "./streams.ts";
import type { ServerContext } from "./target.ts";

/** @returns the listening server; it ends with the signal */
export async function serveKubeletApi(context: ServerContext, signal: AbortSignal): Promise<Server> {
  const { certificate, key, clientCa } = context.tls;
  const server = createServer(
    { cert: certificate, key, ca: clientCa, requestCert: true, rejectUnauthorized: true },
    (request, response) => void respond(context, request, response),
  );
  server.on("upgrade", (request, socket, head) => void upgrade(context, request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(context.port, resolve);
  });
  signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

interface Route {
  verb: string;
  path: string[];
  query: URLSearchParams;
}

function routeOf(request: IncomingMessage): Route {
  const { pathname, searchParams } = new URL(request.url ?? "/", "https://kubelet");
  const [verb = "", ...path] = pathname.slice(1).split("/").map(decodeURIComponent);
  return { verb, path, query: searchParams };
}

async function respond(context: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    authorize(request);
    await serve(context, routeOf(request), response);
  } catch (error) {
    fail(context, response, error);
  }
}

async function serve(context: ServerContext, route: Route, response: ServerResponse): Promise<void> {
  switch (route.verb) {
    case "healthz":
      response.end("ok");
      return;
    case "pods":
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items: context.listPods() }));
      return;
    case "containerLogs":
      return await serveContainerLogs(context, route.path, route.query, response);
    default: {
      const upgrade = isStreamVerb(route.verb) ? "needs an Upgrade to SPDY/3.1 or websocket" : "is not served";
      throw new StatusError(isStreamVerb(route.verb) ? "BadRequest" : "NotFound", `/${route.verb} ${upgrade}`);
    }
  }
}

function fail(context: ServerContext, response: ServerResponse, error: unknown): void {
  const status = statusOf(error);
  if (status.code >= 500) {
    context.log.error({ err: error }, "kubelet request failed");
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status.code, { "content-type": "application/json" });
  response.end(JSON.stringify(status.toStatus()));
}

function statusOf(error: unknown): StatusError {
  if (error instanceof StatusError) {
    return error;
  }
  const down = isCriError(error, "Unavailable");
  return new StatusError(down ? "ServiceUnavailable" : "InternalError", messageOf(error));
}

async function upgrade(context: ServerContext, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on("error", () => socket.destroy());
  try {
    authorize(request);
    const { verb, path, query } = routeOf(request);
    const upstream = await openStream(context, verb, path, query);
    await tunnelUpgrade(request, socket, head, upstream);
  } catch (error) {
    refuseUpgrade(socket, statusOf(error));
  }
}
