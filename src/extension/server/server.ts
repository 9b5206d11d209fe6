/**
 * The VM extension as a server of its own, for a cluster's API server to call: webhooks, and
 * `subresources.kubevirt.io` behind its aggregator. Several run side by side; none keeps anything.
 *
 *   kubectl --> kube-apiserver --webhook-------> /mutate /validate --.
 *                     '--------- front proxy --> /apis/... ----------|
 *                                                                    v
 *                          reviews, objects <-- kube-apiserver   node agents
 *
 * Certificates, and whom to trust, may change at any time; what changed holds from the next connection on.
 */
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { type Listener, listen, type ServingTls } from "../../http/listener.ts";
import { createRequestMetrics } from "../../http/metrics.ts";
import { createServe } from "../../http/serve.ts";
import type { FollowedKeyPair } from "../../pki/mounted-key-pair.ts";
import type { Extension } from "../extension.ts";
import { versionDocument } from "../subresources/about.ts";
import { createAuthenticate } from "./authenticate.ts";
import { createAuthorize } from "../../http/reviews/authorize.ts";
import type { ClientTrust } from "./client-trust.ts";
import { followClientTrust } from "./follow-client-trust.ts";
import { createRouter } from "./router.ts";
import { createTokenReviewer } from "../../http/reviews/token-review.ts";
import { createWebhooks } from "./webhooks.ts";

export interface ExtensionServerOptions {
  extension: Extension;
  /** For reviews, and for whom to trust. */
  client: Client;
  servingPair: FollowedKeyPair;
  /** Every address of the machine when absent. */
  address?: string;
  port: number;
  /** Whether callers of webhooks must say who they are, and be allowed to POST there. */
  authorizeWebhooks: boolean;
  version: string;
  /** What else must be read before requests are answered well. */
  isReady: () => boolean;
  log: Logger;
  signal: AbortSignal;
}

export interface ExtensionServer {
  port: number;
  /** From now on it is not ready, but answers: whoever sends requests here needs a moment to learn of it. */
  drain(): void;
  /** Takes no more connections and waits for running requests; streams are cut at the end. */
  close(timeoutMs: number): Promise<void>;
}

export async function startExtensionServer(options: ExtensionServerOptions): Promise<ExtensionServer> {
  const { extension, client, servingPair, address, log } = options;
  let draining = false;
  const trust = followClientTrust(options);
  const metrics = createRequestMetrics();
  const route = createRouter({
    delegate: extension.delegate,
    webhooks: createWebhooks(extension.admission),
    authorizeWebhooks: options.authorizeWebhooks,
    authenticate: createAuthenticate({ trust: () => trust.current(), reviewToken: createTokenReviewer(client) }),
    authorize: createAuthorize(client),
    metrics,
    version: versionDocument(options.version),
    unready: () => {
      if (draining) return "shutting down";
      return trust.isKnown() && options.isReady() ? undefined : "the API server was not reached yet";
    },
  });
  const serve = createServe(route, metrics, log);
  const servingTls = (): ServingTls => servingTlsOf(servingPair, trust.current());
  const listener: Listener = await listen({
    ...(address !== undefined && { address }),
    port: options.port,
    ...servingTls(),
    onRequest: (request, response) => void serve.request(request, response),
    onUpgrade: (request, socket, head) => void serve.upgrade(request, socket, head),
  });
  const reload = (): void => listener.reload(servingTls());
  servingPair.onChange(reload);
  trust.onChange(reload);
  // What changed while the port was being opened.
  reload();
  log.info({ port: listener.port }, "serving");
  return {
    port: listener.port,
    drain() {
      draining = true;
    },
    close: (timeoutMs) => listener.close(timeoutMs),
  };
}

/** Clients are asked for certificates of either authority; which of the two it was is looked at afterwards. */
function servingTlsOf(pair: FollowedKeyPair, { clientAuthorities, frontProxy }: ClientTrust): ServingTls {
  const { certificatePem, keyPem } = pair.current();
  const authorities = [...clientAuthorities, ...(frontProxy?.authorities ?? [])];
  return { certificatePem, keyPem, clientCaPem: authorities.map((authority) => authority.toString()) };
}
