/**
 * `/metrics` of a pod that serves nothing else by TLS. Nobody knows this process' certificate, which it makes for itself: who scrapes
 * skips verification, as with KubeVirt, and shows a token.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { messageOf, StatusError } from "../../base/errors.ts";
import type { AuthorizeScraper } from "../../http/reviews/authorize-scraper.ts";
import { generateAuthority } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/certificate.ts";
import { scrapeContentType } from "../../telemetry/scrape.ts";

export interface MetricsServerOptions {
  port: number;
  text: () => Promise<string>;
  authorize: AuthorizeScraper;
  signal: AbortSignal;
}

const tenYearsMs = 10 * 365 * 24 * 60 * 60 * 1000;
const commonName = "vmpod-controller";

/** Resolves once it listens; closes when the signal aborts. @returns the port, for a `port` of 0 */
export async function serveMetrics(options: MetricsServerOptions): Promise<number> {
  const authority = await generateAuthority({ commonName, lifetimeMs: tenYearsMs });
  const pair = await issueCertificate(authority, { commonName, usages: ["server"] }, { lifetimeMs: tenYearsMs });
  const server = createServer({ cert: pair.certificatePem, key: pair.keyPem }, (request, response) => {
    void answer(options, request, response);
  });
  options.signal.addEventListener("abort", () => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : options.port;
}

async function answer(
  { text, authorize }: MetricsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (request.url !== "/metrics") throw new StatusError("NotFound", "only /metrics is served here");
    await authorize(request);
    const metrics = await text();
    response.writeHead(200, { "content-type": scrapeContentType }).end(metrics);
  } catch (error) {
    const status = error instanceof StatusError ? error : new StatusError("InternalError", messageOf(error));
    response.writeHead(status.code, { "content-type": "application/json" }).end(JSON.stringify(status.toStatus()));
  }
}
