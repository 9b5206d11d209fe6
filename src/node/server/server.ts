/** The node's virtual machine API: HTTPS, called by the API extension on behalf of users it has authorised. */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { messageOf, StatusError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { FollowedKeyPair, MountedKeyPair } from "../../pki/mounted-key-pair.ts";
import { bearerOf } from "../../http/credentials.ts";
import type { AuthorizeScraper } from "../../http/reviews/authorize-scraper.ts";
import { refuseUpgrade } from "../../streams/http-head.ts";
import type { NodeMetrics } from "../metrics/collector.ts";
import { scrapeContentType } from "../../telemetry/scrape.ts";
import { authorize } from "./authorize.ts";
import { parseRoute, type Route } from "./route.ts";
import { type StreamContext, streamVerbs } from "./streams.ts";
import { findTarget, type TargetContext } from "./target.ts";
import { type VerbContext, verbs } from "./verbs.ts";

export type ServerContext = TargetContext &
  StreamContext &
  VerbContext & {
    metrics: NodeMetrics;
    authorizeScraper: AuthorizeScraper;
    log: Logger;
  };

export interface ServerOptions {
  port: number;
  /** Certificates are replaced before they end; connections that are open go on with the old one. */
  tls: FollowedKeyPair;
}

/** Resolves once it listens; closes when the signal aborts. */
export async function startServer(context: ServerContext, options: ServerOptions, signal: AbortSignal): Promise<void> {
  const { tls } = options;
  // The handshake lets everybody in, so that whoever is refused is told why.
  const server = createServer({ ...secretsOf(tls.current()), requestCert: true, rejectUnauthorized: false });
  tls.onChange(() => server.setSecureContext(secretsOf(tls.current())));
  server.on("request", (req, res) => void answer(context, req, res));
  server.on("upgrade", (req, socket, head) => void upgrade(context, req, socket, head));
  await listen(server, options.port);
  signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
}

/** Who may call has a certificate of the authority in it. */
function secretsOf({ certificatePem, keyPem, caPem }: MountedKeyPair) {
  return { cert: certificatePem, key: keyPem, ca: caPem };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function answer(context: ServerContext, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    if (req.url === "/healthz") return void res.end("ok");
    if (req.url === "/metrics") return await answerMetrics(context, req, res);
    const { route, target } = await admit(context, req);
    const verb = verbs[`${req.method} ${route.verb}`];
    if (verb === undefined) throw unknownPath(req);
    const { contentType, body } = await verb(context, target, req);
    res.writeHead(req.method === "PUT" ? 202 : 200, contentType ? { "content-type": contentType } : {}).end(body);
  } catch (error) {
    const status = toStatus(context, req, error);
    res.writeHead(status.code, { "content-type": "application/json" }).end(JSON.stringify(status.toStatus()));
  }
}

async function answerMetrics(
  { metrics, authorizeScraper }: ServerContext,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  // Who may use this API may read what it measures.
  if (bearerOf(req) === undefined) authorize(req.socket as TLSSocket);
  else await authorizeScraper(req);
  const text = await metrics.text();
  res.writeHead(200, { "content-type": scrapeContentType }).end(text);
}

async function upgrade(context: ServerContext, req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on("error", () => socket.destroy());
  try {
    const { route, target } = await admit(context, req);
    const verb = streamVerbs[route.verb];
    if (verb === undefined) throw unknownPath(req);
    await verb(context, target, route, { req, socket, head });
  } catch (error) {
    refuseUpgrade(socket, toStatus(context, req, error));
  }
}

async function admit(
  context: ServerContext,
  req: IncomingMessage,
): Promise<{ route: Route; target: Awaited<ReturnType<typeof findTarget>> }> {
  authorize(req.socket as TLSSocket);
  const route = parseRoute(req.url ?? "/");
  if (route === undefined) throw unknownPath(req);
  return { route, target: await findTarget(context, route.namespace, route.name) };
}

function unknownPath(req: IncomingMessage): StatusError {
  return new StatusError("NotFound", `${req.method} ${req.url} is not served here`);
}

function toStatus({ log }: ServerContext, req: IncomingMessage, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  log.warn({ path: req.url, error: messageOf(error) }, "request failed");
  return new StatusError("InternalError", messageOf(error));
}
