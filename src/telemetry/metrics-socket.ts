/**
 * Metrics on a unix socket, for another process of the same instance: who may open the file, the user that made it, may read them, so nobody has to
 * say who he is.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { text as readText } from "node:stream/consumers";
import { scrapeContentType } from "./scrape.ts";

export interface MetricsSocketOptions {
  path: string;
  text: () => Promise<string>;
  signal: AbortSignal;
}

/** Resolves once it listens. What a process that was killed has left there is replaced. */
export async function serveMetricsSocket({ path, text, signal }: MetricsSocketOptions): Promise<void> {
  rmSync(path, { force: true });
  const server = createServer((_request, response) => {
    text().then(
      (metrics) => response.writeHead(200, { "content-type": scrapeContentType }).end(metrics),
      () => response.writeHead(500).end(),
    );
  });
  signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(path, resolve);
  });
  chmodSync(path, 0o600);
}

export function askMetricsSocket(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: "/metrics", agent: false, timeout: 9_000 }, (response) => {
      if (response.statusCode === 200) readText(response).then(resolve, reject);
      else reject(new Error(`${socketPath} answers ${response.statusCode}`));
    });
    asked.on("timeout", () => asked.destroy(new Error(`${socketPath} does not answer`)));
    asked.on("error", reject).end();
  });
}
