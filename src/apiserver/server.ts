/**
 * The API server: one HTTPS port, from the request to the answer.
 *
 *   listen -> authenticate -> impersonate -> authorise -> discovery | resource verb | delegate -> answer
 *
 * Every failure on the way becomes a `metav1.Status`.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AdmissionPlugin, ApiDelegate, ApiRequest, ApiResponse, UserInfo } from "../../api/admission.ts";
import type { Logger } from "../base/log.ts";
import type { ServiceAccountKey } from "../pki/service-account.ts";
import { refuseUpgrade } from "../streams/http-head.ts";
import { compactPeriodically } from "../store/compact-periodically.ts";
import type { Store } from "../store/store.ts";
import { createPlugins } from "./admission/plugins.ts";
import { createAuthenticate } from "./authn/authenticate.ts";
import { createTokenAuthenticator } from "./authn/tokens.ts";
import { bootstrap } from "./bootstrap.ts";
import { followDefinitions } from "./crd/definitions.ts";
import { createDiscovery } from "./discovery/handle.ts";
import { answerError, statusErrorOf } from "./http/answer.ts";
import { listen } from "./http/listener.ts";
import { createRouter } from "./http/router.ts";
import { createKubeletClient, type KubeletCredentials } from "./proxy/kubelet.ts";
import { createOpenApi } from "./openapi/handle.ts";
import { followAggregation } from "./rbac/aggregate.ts";
import { createNodeAuthorizer } from "./rbac/node.ts";
import { createAuthorizer } from "./rbac/authorizer.ts";
import { builtinKinds } from "./registry/builtin.ts";
import { discoveredReviews } from "./reviews/review.ts";
import { createRegistry } from "./registry/registry.ts";
import { discoveredSubresources } from "./subresources/table.ts";
import { startCache } from "./storage/cache.ts";
import type { Api } from "./verbs/call.ts";
import { createObjects } from "./storage/objects.ts";

export interface ApiserverOptions {
  store: Store;
  bindAddress: string;
  port: number;
  /** What clients are told to connect to. */
  advertiseAddress: string;
  certificatePem: string;
  keyPem: string;
  clientCaPem: string;
  serviceAccountKey?: ServiceAccountKey;
  serviceCidr: string;
  /** Client certificate for kubelets; without it logs, exec and the like do not work. */
  kubelet?: KubeletCredentials;
  staticTokens?: ReadonlyMap<string, UserInfo>;
  admission?: readonly AdmissionPlugin[];
  delegates?: readonly ApiDelegate[];
  log: Logger;
}

export interface Apiserver {
  port: number;
  /** Ends watches, waits for running requests, then closes the port. The store stays open. */
  close(): Promise<void>;
}

const closeTimeoutMs = 5_000;
const serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local";

export async function runApiserver(options: ApiserverOptions): Promise<Apiserver> {
  const { log, store } = options;
  const stopping = new AbortController();
  const cache = await startCache(store, stopping.signal, (error) => {
    log.fatal({ error }, "the watch of the store ended");
    process.exit(1);
  });
  const registry = createRegistry(builtinKinds);
  const objects = createObjects(store, cache);
  const delegates = options.delegates ?? [];
  const address = `${options.advertiseAddress}:${options.port}`;
  const tokens = { key: options.serviceAccountKey, issuer: serviceAccountIssuer, audiences: [serviceAccountIssuer] };
  const authenticator = createTokenAuthenticator({ ...tokens, staticTokens: options.staticTokens ?? new Map(), cache });
  const authorizer = createAuthorizer(cache, [createNodeAuthorizer(cache)]);
  const kubelets = createKubeletClient(objects, options.kubelet);
  const api: Api = {
    registry,
    objects,
    admission: createPlugins(
      { objects, registry, authorizer, serviceCidr: options.serviceCidr },
      options.admission ?? [],
    ),
    kubelets,
    tokens,
    authorizer,
    authenticator,
  };
  const route = createRouter({
    api,
    openapi: createOpenApi(registry, delegates),
    discovery: createDiscovery(registry, { ...discoveredSubresources(), ...discoveredReviews() }, delegates, address),
    delegates,
    authenticate: createAuthenticate(authenticator),
    authorizer,
  });
  await bootstrap(objects, registry, options);
  void compactPeriodically(store, { signal: stopping.signal }).catch((error: unknown) =>
    log.error({ error }, "the store cannot be compacted"),
  );
  followAggregation(objects, registry, log);
  await followDefinitions(api, log);
  const listener = await listen({
    ...options,
    address: options.bindAddress,
    onRequest: (request, response) => void answer(request, response),
    onUpgrade: (request, socket, head) => void upgrade(request, socket, head),
  });
  log.info({ port: listener.port }, "serving");

  async function answer(request: ApiRequest, response: ApiResponse): Promise<void> {
    const started = performance.now();
    try {
      await route.request(request, response);
    } catch (error) {
      const failure = answerError(response, error);
      if (failure.code >= 500) log.error({ error, method: request.method, url: request.url }, "request failed");
    }
    const milliseconds = Math.round(performance.now() - started);
    log.debug({ method: request.method, url: request.url, code: response.statusCode, milliseconds }, "request");
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    try {
      await route.upgrade(request, socket, head);
    } catch (error) {
      refuseUpgrade(socket, statusErrorOf(error));
    }
  }

  return {
    port: listener.port,
    async close() {
      stopping.abort();
      await listener.close(closeTimeoutMs);
    },
  };
}
