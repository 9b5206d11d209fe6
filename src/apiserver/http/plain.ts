/** Paths that name no resource: health, version, discovery, OpenAPI, token issuer, metrics. */
import type { ApiRequest, ApiResponse } from "../../../api/admission.ts";
import { answerJson, answerText, noSuchResource } from "../../http/answer.ts";
import type { RequestMetrics } from "../../http/metrics.ts";
import { publicJwk } from "../../pki/service-account.ts";
import type { Discovery } from "../discovery/handle.ts";
import type { OpenApi } from "../openapi/handle.ts";
import type { TokenIssuer } from "../verbs/call.ts";
import { versionInfo } from "./version.ts";

export interface PlainHandlers {
  discovery: Discovery;
  openapi: OpenApi;
  metrics: RequestMetrics;
  tokens: TokenIssuer;
}

/** What anybody may ask, also without credentials. */
export const openPaths: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz", "/version", "/version/"]);

type Handler = (handlers: PlainHandlers, response: ApiResponse) => Promise<void> | void;

const ok: Handler = (_handlers, response) => answerText(response, 200, "ok");
const version: Handler = (_handlers, response) => answerJson(response, 200, versionInfo);

const fixed: Readonly<Record<string, Handler>> = {
  "/healthz": ok,
  "/livez": ok,
  "/readyz": ok,
  "/version": version,
  "/metrics": async ({ metrics }, response) => answerText(response, 200, await metrics.text(), metrics.contentType),
  "/.well-known/openid-configuration": ({ tokens }, response) =>
    answerJson(response, 200, {
      issuer: tokens.issuer,
      jwks_uri: `${tokens.issuer}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    }),
  "/openid/v1/jwks": async ({ tokens }, response) =>
    answerJson(response, 200, { keys: tokens.key ? [await publicJwk(tokens.key)] : [] }, "application/jwk-set+json"),
};

export async function answerPlain(
  handlers: PlainHandlers,
  path: string,
  request: ApiRequest,
  response: ApiResponse,
): Promise<void> {
  const handler = fixed[path.length > 1 ? path.replace(/\/$/, "") : path];
  if (handler) return handler(handlers, response);
  if (handlers.openapi.handle(path, request, response)) return;
  if (!handlers.discovery.handle(path, request, response)) throw noSuchResource();
}
