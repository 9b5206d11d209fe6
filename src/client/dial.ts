import type { Socket } from "node:net";
import { connect as tlsConnect, type TLSSocket } from "node:tls";
import { type ClientConfig, tlsOptionsOf } from "./config.ts";
import { http1Connection } from "./http1-connection.ts";
import { http2Connection } from "./http2-connection.ts";
import type { Connection } from "./transport.ts";

const connectTimeoutMs = 10_000;

/** Connects until the signal aborts, and lets ALPN choose the protocol: HTTP/2 where the server has it. */
export async function dial(config: ClientConfig, signal: AbortSignal): Promise<Connection> {
  const url = new URL(config.server);
  if (url.protocol === "http:") return http1Connection(config);
  const socket = await connectTls(config, url, signal);
  if (socket.alpnProtocol === "h2") return http2Connection(config.server, socket);
  socket.destroy();
  return http1Connection(config);
}

function connectTls(config: ClientConfig, url: URL, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port || 443),
      ALPNProtocols: ["h2", "http/1.1"],
      ...tlsOptionsOf(config),
    });
    socket.setTimeout(connectTimeoutMs, () => socket.destroy(new Error(`no answer within ${connectTimeoutMs} ms`)));
    const giveUp = () => socket.destroy(new Error("the client was closed"));
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", giveUp));
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket.off("error", reject);
      prepare(socket);
      resolve(socket);
    });
  });
}

function prepare(socket: Socket): void {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
}
