/** `/healthz` and `/readyz` for the kubelet, which asks without credentials and is told nothing but yes or no. */
import { createServer } from "node:http";

export interface HealthOptions {
  port: number;
  isReady: () => boolean;
  signal: AbortSignal;
}

/** Resolves once it listens; closes when the signal aborts. @returns the port, for a `port` of 0 */
export function serveHealth({ port, isReady, signal }: HealthOptions): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === "/healthz") return response.end("ok");
    if (request.url !== "/readyz") return response.writeHead(404).end();
    return isReady() ? response.end("ok") : response.writeHead(503).end("not ready yet");
  });
  signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
