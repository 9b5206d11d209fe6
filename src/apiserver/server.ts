/**
 * The API server: one HTTPS port, from the request to the answer.
 *
 *   listen -> authenticate -> impersonate -> authorise -> discovery | resource verb | delegate -> answer
 *
 * Every failure on the way becomes a `metav1.Status`.
 */
import type { AdmissionPlugin, ApiDelegate, UserInfo } from "../../api/admission.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { limitInFlight } from "../http/in-flight.ts";
import { listen } from "../http/listener.ts";
import { createServe } from "../http/serve.ts";
import type { ServiceAccountKey } from "../pki/service-account.ts";
import { compactPeriodically } from "../store/compact-periodically.ts";
import type { Store } from "../store/store.ts";
import type { MetricSource } from "../telemetry/source.ts";
import { createPlugins } from "./admission/plugins.ts";
import { createAuthenticate } from "./authn/authenticate.ts";
import { createTokenAuthenticator } from "./authn/tokens.ts";
import { bootstrap } from "./bootstrap.ts";
import { followDefinitions } from "./crd/definitions.ts";
import { createDiscovery } from "./discovery/handle.ts";
import { expireEvents } from "./expire-events.ts";
import { finishDeletions } from "./finish-deletions.ts";
import { createRouter } from "./http/router.ts";
import { keepKubernetesService } from "./kubernetes-service.ts";
import { createMetrics } from "./metrics.ts";
import { createOpenApi } from "./openapi/handle.ts";
import { createKubeletClient, type KubeletCredentials } from "./proxy/kubelet.ts";
import { followAggregation } from "./rbac/aggregate.ts";
import { createAuthorizer } from "./rbac/authorizer.ts";
import { createNodeAuthorizer } from "./rbac/node.ts";
import { builtinKinds } from "./registry/builtin.ts";
import { createRegistry } from "./registry/registry.ts";
import { discoveredReviews } from "./reviews/review.ts";
import { startCache } from "./storage/cache.ts";
import { createObjects } from "./storage/objects.ts";
import { discoveredSubresources } from "./subresources/table.ts";
import type { Api } from "./verbs/call.ts";

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
  /** One for each family that Services can have, the first being the default. */
  serviceCidrs: readonly string[];
  /** Client certificate for kubelets; without it logs, exec and the like do not work. */
  kubelet?: KubeletCredentials;
  staticTokens?: ReadonlyMap<string, UserInfo>;
  admission?: readonly AdmissionPlugin[];
  delegates?: readonly ApiDelegate[];
  /** Whose metrics are told beside the server's own. */
  metricSources?: readonly MetricSource[];
  /** More requests at once than this are refused with 429. */
  mostInFlight?: number;
  log: Logger;
}

export interface Apiserver {
  port: number;
  /** Ends watches, waits for running requests, then closes the port. The store stays open. */
  close(): Promise<void>;
}

const closeTimeoutMs = 5_000;
const defaultInFlight = 800;
const serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local";

export async function runApiserver(options: ApiserverOptions): Promise<Apiserver> {
  const { log, store } = options;
  const stopping = new AbortController();
  /** Longer: requests that are still running wait for what was written. */
  const following = new AbortController();
  const cache = await startCache(store, following.signal, (error) => {
    log.fatal({ error: messageOf(error) }, "the watch of the store ended");
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
      { objects, registry, authorizer, serviceCidrs: options.serviceCidrs },
      options.admission ?? [],
    ),
    kubelets,
    tokens,
    authorizer,
    authenticator,
    stopping: stopping.signal,
  };
  const metrics = createMetrics(registry, cache, options.metricSources ?? []);
  const discovered = { ...discoveredSubresources(), ...discoveredReviews() };
  const route = createRouter({
    api,
    plain: {
      openapi: createOpenApi(registry, delegates),
      discovery: createDiscovery(registry, discovered, delegates, address),
      metrics,
      tokens,
    },
    delegates,
    authenticate: createAuthenticate(authenticator),
    inFlight: limitInFlight(options.mostInFlight ?? defaultInFlight),
  });
  await bootstrap(objects, registry);
  await keepKubernetesService(objects, registry, options, log);
  const background = {
    compaction: compactPeriodically(store, { signal: stopping.signal }),
    expiry: expireEvents(objects, stopping.signal),
  };
  for (const [task, running] of Object.entries(background))
    running.catch((error: unknown) => log.error({ error: messageOf(error), task }, "a background task failed"));
  followAggregation(objects, registry, log);
  await followDefinitions(api, log);
  await finishDeletions(api);
  const serve = createServe(route, metrics, log);
  const listener = await listen({
    ...options,
    address: options.bindAddress,
    onRequest: (request, response) => void serve.request(request, response),
    onUpgrade: (request, socket, head) => void serve.upgrade(request, socket, head),
  });
  log.info({ port: listener.port }, "serving");
  return {
    port: listener.port,
    async close() {
      stopping.abort();
      await listener.close(closeTimeoutMs);
      following.abort();
    },
  };
}
