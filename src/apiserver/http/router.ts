/** Finds out who asks for what, whether that is allowed, and who answers. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ApiDelegate, ApiRequest, ApiResponse, UserInfo } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import type { Authenticate } from "../authn/authenticate.ts";
import type { Discovery } from "../discovery/handle.ts";
import type { OpenApi } from "../openapi/handle.ts";
import { type Attributes, forbiddenMessage } from "../rbac/attributes.ts";
import type { Authorizer } from "../rbac/authorizer.ts";
import { readJson } from "../verbs/decode.ts";
import type { Api, Call } from "../verbs/call.ts";
import { findReview } from "../reviews/review.ts";
import type { ServedKind } from "../registry/kind.ts";
import type { Upgrade } from "../subresources/stream.ts";
import { subresourceStream } from "../subresources/table.ts";
import { noSuchResource, runVerb, verbOf } from "../verbs/dispatch.ts";
import { answerJson, answerText } from "./answer.ts";
import { parseResourcePath, type ResourcePath } from "./path.ts";
import { versionInfo } from "./version.ts";

export interface Route {
  request(request: ApiRequest, response: ApiResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

export interface RouterOptions {
  api: Api;
  discovery: Discovery;
  openapi: OpenApi;
  delegates: readonly ApiDelegate[];
  authenticate: Authenticate;
  authorizer: Authorizer;
}

export function createRouter(options: RouterOptions): Route {
  return {
    async request(request, response) {
      const url = new URL(request.url ?? "/", "https://localhost");
      const user = await options.authenticate(request);
      const path = parseResourcePath(url.pathname);
      if (path) return resourceRequest(options, { request, response, user, path, query: url.searchParams });
      authorize(options.authorizer, nonResource(user, request.method ?? "GET", url.pathname));
      plainRequest(options, url.pathname, request, response);
    },
    async upgrade(request, socket, head) {
      const url = new URL(request.url ?? "/", "https://localhost");
      const user = await options.authenticate(request);
      const path = parseResourcePath(url.pathname);
      if (!path) throw noSuchResource();
      const query = url.searchParams;
      authorize(options.authorizer, resourceAttributes(user, path, verbOf(request.method ?? "GET", path, query) ?? ""));
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
  authorize(options.authorizer, resourceAttributes(user, path, verb));
  const kind = await findKind(options, path);
  const review = verb === "create" ? findReview(path.group, path.version, path.plural) : undefined;
  if (review) return review.run({ api: options.api, user, request, response, body: once(() => readJson(exchange)) });
  if (!kind) {
    const delegate = delegateOf(options, path);
    if (delegate) return delegate.handle(request, response, user);
    throw noSuchResource();
  }
  if (kind.namespaced && path.namespace === undefined && (path.name !== undefined || verb === "create"))
    throw new StatusError("BadRequest", "namespace is required: the resource is namespaced");
  await runVerb(verb, callOf(options, exchange, kind));
}

async function streamRequest(
  options: RouterOptions,
  exchange: Omit<Exchange, "response">,
  upgrade: Upgrade,
): Promise<void> {
  const { user, path, query } = exchange;
  const kind = options.api.registry.find(path.group, path.version, path.plural);
  const delegate = delegateOf(options, path);
  if (!kind && delegate?.upgrade) return delegate.upgrade(upgrade.request, upgrade.socket, upgrade.head, user);
  if (!kind) throw noSuchResource();
  const call = callOf(options, { ...exchange, response: new ServerResponse(upgrade.request) }, kind);
  const stream = subresourceStream(call);
  if (!stream)
    throw new StatusError(
      "BadRequest",
      `Upgrade request required: ${path.plural}/${path.subresource} is not a stream (${query.toString()})`,
    );
  await stream(call, upgrade);
}

/** A definition that was just stored may not have reached the registry yet. */
async function findKind(
  { api }: RouterOptions,
  { group, version, plural }: ResourcePath,
): Promise<ServedKind | undefined> {
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

function resourceAttributes(user: UserInfo, path: ResourcePath, verb: string): Attributes {
  const { group, version, plural, subresource, namespace, name } = path;
  return { user, verb, group, version, resource: plural, subresource, namespace, name };
}

function nonResource(user: UserInfo, method: string, path: string): Attributes {
  const nothing = { group: "", version: "", resource: "", subresource: "", namespace: undefined, name: undefined };
  return { ...nothing, user, verb: method === "HEAD" ? "get" : method.toLowerCase(), nonResourcePath: path };
}

const openPaths = new Set(["/healthz", "/livez", "/readyz", "/version", "/version/"]);

function authorize(authorizer: Authorizer, attributes: Attributes): void {
  if (attributes.nonResourcePath !== undefined && openPaths.has(attributes.nonResourcePath)) return;
  const { allowed } = authorizer.decide(attributes);
  if (allowed) return;
  const { resource, group, name } = attributes;
  const what = attributes.nonResourcePath ?? `${resource}${group ? `.${group}` : ""}${name ? ` "${name}"` : ""}`;
  const details = resource ? { kind: resource, ...(group && { group }), ...(name && { name }) } : undefined;
  throw new StatusError("Forbidden", `${what} is forbidden: ${forbiddenMessage(attributes)}`, details);
}

function plainRequest(
  { discovery, openapi }: RouterOptions,
  path: string,
  request: ApiRequest,
  response: ApiResponse,
): void {
  if (path === "/healthz" || path === "/livez" || path === "/readyz") return answerText(response, 200, "ok");
  if (path === "/version" || path === "/version/") return answerJson(response, 200, versionInfo);
  if (openapi.handle(path, request, response)) return;
  if (!discovery.handle(path, request, response)) throw noSuchResource();
}
