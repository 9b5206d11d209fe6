/** One TLS port for HTTP/2, HTTP/1.1 and upgraded connections (SPDY, websocket). */
import type { IncomingMessage } from "node:http";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ApiRequest, ApiResponse } from "../../api/admission.ts";

export interface ServingTls {
  certificatePem: string;
  keyPem: string;
  /** Whose client certificates are asked for and verified; without any, nobody's are. */
  clientCaPem: string | readonly string[];
}

export interface ListenerOptions extends ServingTls {
  /** Every address of the machine when absent. */
  address?: string;
  port: number;
  onRequest: (request: ApiRequest, response: ApiResponse) => void;
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface Listener {
  port: number;
  /** From the next connection on; those that are open go on. */
  reload(tls: ServingTls): void;
  /** Stops accepting, waits for running answers until the timeout, then cuts what is left. */
  close(timeoutMs: number): Promise<void>;
}

/** What waits to be read by one client. Beyond it every new request of his is refused; Node's 10 MB are a few thousand objects. */
const sessionMemoryMegabytes = 256;

export async function listen(options: ListenerOptions): Promise<Listener> {
  const server = createSecureServer({
    allowHTTP1: true,
    ...secureContext(options),
    requestCert: true,
    // Clients without a certificate may bring a token; authn decides.
    rejectUnauthorized: false,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
    maxSessionMemory: sessionMemoryMegabytes,
  });
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", options.onRequest);
  server.on("upgrade", options.onUpgrade);
  // A peer that breaks off a handshake or a session is its own business.
  server.on("sessionError", () => undefined);
  server.on("tlsClientError", () => undefined);
  await listening(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    reload: (tls) => server.setSecureContext(secureContext(tls)),
    close: (timeoutMs) => close(server, { sockets, sessions }, timeoutMs),
  };
}

/** An empty list of authorities, unlike none, does not mean the system's. */
function secureContext({ certificatePem, keyPem, clientCaPem }: ServingTls) {
  return { cert: certificatePem, key: keyPem, ca: [clientCaPem].flat() };
}

function listening(server: Http2SecureServer, { port, address }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

interface Connections {
  sockets: ReadonlySet<Socket>;
  sessions: ReadonlySet<ServerHttp2Session>;
}

function close(server: Http2SecureServer, { sockets, sessions }: Connections, timeoutMs: number): Promise<void> {
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const timer = setTimeout(cut, timeoutMs);
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    // Tells clients to open no more streams; each session ends with its last one.
    for (const session of sessions) session.close();
  });
}
