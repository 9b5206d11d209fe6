/** Finds out who asks for what, whether that is allowed, and who answers. */
import { ServerResponse } from "node:http";
import type { ApiDelegate, ApiRequest, ApiResponse, UserInfo } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { noSuchResource } from "../../http/answer.ts";
import { nonResourceAttributes, resourceAttributes } from "../../http/attributes.ts";
import { rememberCaller } from "../../http/caller.ts";
import type { InFlight } from "../../http/in-flight.ts";
import { parseResourcePath, type ResourcePath, urlOf } from "../../http/path.ts";
import type { Route } from "../../http/serve.ts";
import { verbOf } from "../../http/verb.ts";
import type { Authenticate } from "../authn/authenticate.ts";
import { impersonated } from "../authn/impersonate.ts";
import type { ServedKind } from "../registry/kind.ts";
import { findReview } from "../reviews/review.ts";
import type { Upgrade } from "../subresources/stream.ts";
import { subresourceStream } from "../subresources/table.ts";
import type { Api, Call } from "../verbs/call.ts";
import { readJson } from "../verbs/decode.ts";
import { runVerb } from "../verbs/dispatch.ts";
import { authorize } from "./authorize.ts";
import { answerPlain, openPaths, type PlainHandlers } from "./plain.ts";

export interface RouterOptions {
  api: Api;
  plain: PlainHandlers;
  delegates: readonly ApiDelegate[];
  authenticate: Authenticate;
  inFlight: InFlight;
}

export function createRouter(options: RouterOptions): Route {
  const { api, plain } = options;
  const identify = async (request: ApiRequest): Promise<UserInfo> => {
    const user = impersonated(api.authorizer, request, await options.authenticate(request));
    rememberCaller(request, user);
    return user;
  };
  return {
    async request(request, response) {
      const { pathname, searchParams: query } = urlOf(request);
      if (openPaths.has(pathname)) return answerPlain(plain, pathname, request, response);
      const user = await identify(request);
      const path = parseResourcePath(pathname);
      if (path) return resourceRequest(options, { request, response, user, path, query });
      authorize(api.authorizer, nonResourceAttributes(user, request.method ?? "GET", pathname));
      return options.inFlight.run(() => answerPlain(plain, pathname, request, response));
    },
    async upgrade(request, socket, head) {
      const { pathname, searchParams: query } = urlOf(request);
      const user = await identify(request);
      const path = parseResourcePath(pathname);
      const verb = path && verbOf(request.method ?? "GET", path, query);
      if (!path || verb === undefined) throw noSuchResource();
      authorize(api.authorizer, resourceAttributes(user, path, verb));
      await streamRequest(options, { request, user, path, query }, { request, socket, head });
    },
  };
}

interface Exchange {
  request: ApiRequest;
  response: ApiResponse;
  user: UserInfo;
  path: ResourcePath;
  query: URLSearchParams;
}

async function resourceRequest(options: RouterOptions, exchange: Exchange): Promise<void> {
  const { request, response, user, path, query } = exchange;
  const verb = verbOf(request.method ?? "GET", path, query);
  if (verb === undefined)
    throw new StatusError("MethodNotAllowed", `the server does not allow the method ${request.method ?? ""}`);
  authorize(options.api.authorizer, resourceAttributes(user, path, verb));
  const review = verb === "create" ? findReview(path.group, path.version, path.plural) : undefined;
  if (review) return review.run({ api: options.api, user, request, response, body: once(() => readJson(exchange)) });
  const kind = await findKind(options, path);
  const delegate = delegateOf(options, path);
  if (!kind && delegate) return delegate.handle(request, response, user);
  if (!kind) throw noSuchResource();
  if (kind.namespaced && path.namespace === undefined && (path.name !== undefined || verb === "create"))
    throw new StatusError("BadRequest", "namespace is required: the resource is namespaced");
  const work = (): Promise<void> => runVerb(verb, callOf(options, exchange, kind));
  return lasts(verb, path) ? work() : options.inFlight.run(work);
}

/** Watches and followed logs last as long as their client wants. */
function lasts(verb: string, path: ResourcePath): boolean {
  return verb === "watch" || path.subresource === "log";
}

type StreamExchange = Omit<Exchange, "response">;

async function streamRequest(options: RouterOptions, exchange: StreamExchange, upgrade: Upgrade): Promise<void> {
  const { user, path } = exchange;
  const kind = await findKind(options, path);
  const delegate = delegateOf(options, path);
  if (!kind && delegate?.upgrade) return delegate.upgrade(upgrade.request, upgrade.socket, upgrade.head, user);
  if (!kind) throw noSuchResource();
  const call = callOf(options, { ...exchange, response: new ServerResponse(upgrade.request) }, kind);
  const stream = subresourceStream(call);
  if (!stream) throw new StatusError("BadRequest", `${path.plural}/${path.subresource} cannot be upgraded to a stream`);
  await stream(call, upgrade);
}

/** A definition that was just stored may not have reached the registry yet. */
async function findKind({ api }: RouterOptions, path: ResourcePath): Promise<ServedKind | undefined> {
  const { group, version, plural } = path;
  const known = api.registry.find(group, version, plural);
  if (known) return known;
  await api.objects.cache.fresh();
  return api.registry.find(group, version, plural);
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= read());
}

function callOf({ api }: RouterOptions, exchange: Exchange, kind: ServedKind): Call {
  const { query, request } = exchange;
  const agent = (request.headers["user-agent"] ?? "unknown").split("/")[0] ?? "unknown";
  const fieldManager = query.get("fieldManager") || agent;
  const dryRun = query.getAll("dryRun").includes("All");
  return { ...exchange, api, kind, dryRun, fieldManager, applies: false, warnings: [] };
}

function delegateOf(options: RouterOptions, path: ResourcePath): ApiDelegate | undefined {
  return options.delegates.find((each) => each.group === path.group && each.versions.includes(path.version));
}
