import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type ClientConfig, tlsOptionsOf } from "./config.ts";
import type { Connection, TransportRequest, TransportResponse } from "./transport.ts";

/** For servers (and proxies) without HTTP/2: a pool of keep-alive connections. */
export function http1Connection(config: ClientConfig): Connection {
  const secure = config.server.startsWith("https:");
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, ...tlsOptionsOf(config) })
    : new HttpAgent({ keepAlive: true });
  const open = secure ? httpsRequest : httpRequest;
  return {
    usable: true,
    close: () => agent.destroy(),
    send: (request) =>
      send(request, (options, answer) => open(`${config.server}${request.path}`, { agent, ...options }, answer)),
  };
}

type Open = (
  options: { method: string; headers: Record<string, string>; signal?: AbortSignal },
  answer: (response: IncomingMessage) => void,
) => ReturnType<typeof httpRequest>;

function send(request: TransportRequest, open: Open): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers };
    if (request.body !== undefined) headers["content-length"] = String(Buffer.byteLength(request.body));
    const outgoing = open({ method: request.method, headers, signal: request.signal }, (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response }),
    );
    outgoing.on("error", reject);
    outgoing.end(request.body);
  });
}
