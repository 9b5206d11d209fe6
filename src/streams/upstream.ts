import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { messageOf, StatusError } from "../base/errors.ts";

/** Client side of TLS; with `undefined` the connection is plain. */
export interface UpstreamTls extends Pick<SecureContextOptions, "ca" | "cert" | "key"> {
  servername?: string;
  rejectUnauthorized?: boolean;
}

/** Where an upgraded (SPDY or websocket) request goes: the kubelet, containerd's streaming server, a VM agent. */
export interface Upstream {
  host?: string;
  port?: number;
  /** A unix socket instead of host and port. */
  socketPath?: string;
  tls?: UpstreamTls | undefined;
  /** Path with query. */
  path: string;
  /** Added to, and overriding, the request's own headers; undefined removes one. */
  headers?: OutgoingHttpHeaders;
}

/** The upstream's answer to an Upgrade request: it switched protocols, or answered like any other request. */
export type UpgradeAnswer =
  | { switched: true; response: IncomingMessage; socket: Duplex; head: Buffer }
  | { switched: false; response: IncomingMessage };

const answerTimeoutMs = 30_000;

/**
 * Sends an HTTP/1.1 Upgrade request.
 * @throws StatusError ServiceUnavailable when the upstream cannot be reached or does not answer.
 */
export function requestUpgrade(
  upstream: Upstream,
  method: string,
  headers: OutgoingHttpHeaders,
): Promise<UpgradeAnswer> {
  const { tls, path } = upstream;
  const target = upstream.socketPath
    ? { socketPath: upstream.socketPath }
    : { host: upstream.host, port: upstream.port };
  const all = { ...headers, ...upstream.headers };
  const options = {
    ...target,
    ...tls,
    path,
    method,
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    agent: false,
  };
  const request = tls ? https.request(options) : http.request(options);
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new StatusError("ServiceUnavailable", unreachable(upstream, reason)));
    const timer = setTimeout(() => {
      fail(`no answer within ${answerTimeoutMs / 1000} s`);
      request.destroy();
    }, answerTimeoutMs);
    request.on("close", () => clearTimeout(timer));
    request.on("error", (error) => fail(messageOf(error)));
    request.on("response", (response) => {
      clearTimeout(timer);
      resolve({ switched: false, response });
    });
    request.on("upgrade", (response, socket, head) => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      resolve({ switched: true, response, socket, head });
    });
    request.end();
  });
}

function unreachable(upstream: Upstream, reason: string): string {
  const address = upstream.socketPath ?? `${upstream.host}:${upstream.port}`;
  return `cannot open a stream to ${address}${upstream.path.split("?")[0]}: ${reason}`;
}
