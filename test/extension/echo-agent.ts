/** A node agent that sends back what it gets; it serves with the agents' certificate and asks for its caller's. */
import { once } from "node:events";
import { createServer } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { KeyPair } from "../../src/pki/certificate.ts";

export interface EchoAgent {
  port: number;
  /** Of the last caller. */
  headers(): IncomingHttpHeaders;
  close(): void;
}

export async function startEchoAgent(pair: KeyPair & { caPem: string }, address = "127.0.0.1"): Promise<EchoAgent> {
  const { certificatePem: cert, keyPem: key, caPem: ca } = pair;
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
  const sockets = new WebSocketServer({ server, handleProtocols: () => "plain.kubevirt.io" });
  let headers: IncomingHttpHeaders = {};
  sockets.on("connection", (socket, request) => {
    headers = request.headers;
    socket.on("message", (data) => socket.send(data));
  });
  server.listen(0, address);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    headers: () => headers,
    close() {
      for (const client of sockets.clients) client.terminate();
      server.close();
    },
  };
}
