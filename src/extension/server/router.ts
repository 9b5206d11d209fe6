/**
 * Finds out who asks for what, whether that is allowed, and who answers.
 *
 *   /healthz /readyz /version   anybody
 *   /mutate /validate           API servers (./webhooks.ts)
 *   everything else             authenticated, and allowed by the cluster's API server:
 *       /apis...                discovery
 *       /metrics
 *       /apis/GROUP/VERSION/... the subresources
 */
import type { IncomingMessage } from "node:http";
import type { ApiDelegate, ApiRequest, ApiResponse, UserInfo } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { answerJson, answerText, noSuchResource } from "../../http/answer.ts";
import { nonResourceAttributes, resourceAttributes } from "../../http/attributes.ts";
import { rememberCaller } from "../../http/caller.ts";
import { answerDiscovery } from "../../http/discovery/answer.ts";
import { grouped } from "../../http/discovery/groups.ts";
import { limitInFlight } from "../../http/in-flight.ts";
import type { RequestMetrics } from "../../http/metrics.ts";
import { parseResourcePath, type ResourcePath, urlOf } from "../../http/path.ts";
import type { Route } from "../../http/serve.ts";
import { verbOf } from "../../http/verb.ts";
import type { Authenticate } from "./authenticate.ts";
import type { Authorize } from "../../http/reviews/authorize.ts";
import type { Webhooks } from "./webhooks.ts";

export interface RouterOptions {
  delegate: ApiDelegate;
  webhooks: Webhooks;
  /** Webhooks, too, are answered only to those who may POST to their paths. */
  authorizeWebhooks: boolean;
  authenticate: Authenticate;
  authorize: Authorize;
  metrics: RequestMetrics;
  version: object;
  /** Why not, when it is not. */
  unready: () => string | undefined;
}

const mostInFlight = 400;

export function createRouter(options: RouterOptions): Route {
  const inFlight = limitInFlight(mostInFlight);
  return {
    async request(request, response) {
      const { pathname } = urlOf(request);
      const open = openAnswers[pathname];
      if (open) return open(options, response);
      const phase = options.webhooks.phaseOf(pathname);
      if (phase && !options.authorizeWebhooks) return options.webhooks.answer(phase, request, response);
      await inFlight.run(() => guarded(options, request, response));
    },
    async upgrade(request, socket, head) {
      const user = await identify(options, request);
      const path = parseResourcePath(urlOf(request).pathname);
      if (!path || !options.delegate.upgrade) throw noSuchResource();
      await authorizeResource(options, request, user, path);
      await options.delegate.upgrade(request, socket, head, user);
    },
  };
}

type OpenAnswer = (options: RouterOptions, response: ApiResponse) => void;

const openAnswers: Readonly<Record<string, OpenAnswer>> = {
  "/healthz": (_options, response) => answerText(response, 200, "ok"),
  "/readyz": ({ unready }, response) => {
    const reason = unready();
    answerText(response, reason === undefined ? 200 : 503, reason ?? "ok");
  },
  "/version": ({ version }, response) => answerJson(response, 200, version),
};

async function guarded(options: RouterOptions, request: ApiRequest, response: ApiResponse): Promise<void> {
  const { delegate, webhooks, metrics, authorize } = options;
  const { pathname } = urlOf(request);
  const user = await identify(options, request);
  const path = parseResourcePath(pathname);
  if (path) {
    await authorizeResource(options, request, user, path);
    return delegate.handle(request, response, user);
  }
  await authorize(nonResourceAttributes(user, request.method ?? "GET", pathname));
  const phase = webhooks.phaseOf(pathname);
  if (phase) return webhooks.answer(phase, request, response);
  if (pathname === "/metrics") return answerText(response, 200, await metrics.text(), metrics.contentType);
  const discovery = { request, response, groups: groupsOf(delegate), address: "" };
  if (!answerDiscovery(pathname, discovery)) throw noSuchResource();
}

async function identify({ authenticate }: RouterOptions, request: ApiRequest): Promise<UserInfo> {
  const user = await authenticate(request);
  rememberCaller(request, user);
  return user;
}

async function authorizeResource(
  { delegate, authorize }: RouterOptions,
  request: ApiRequest | IncomingMessage,
  user: UserInfo,
  path: ResourcePath,
): Promise<void> {
  const verb = verbOf(request.method ?? "GET", path, urlOf(request).searchParams);
  if (verb === undefined)
    throw new StatusError("MethodNotAllowed", `the server does not allow the method ${request.method ?? ""}`);
  // What others serve is not for us to decide about.
  if (path.group !== delegate.group) throw noSuchResource();
  await authorize(resourceAttributes(user, path, verb));
}

function groupsOf(delegate: ApiDelegate) {
  const { group, versions } = delegate;
  return grouped(versions.map((version) => ({ group, version, resources: delegate.resources(version) })));
}
