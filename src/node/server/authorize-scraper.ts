/**
 * Who may read the metrics of this node: who may use its API, and whoever has a bearer token with the right to `get` the path `/metrics`, as
 * monitoring systems have.
 */
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { nonResourceAttributes } from "../../http/attributes.ts";
import { bearerOf } from "../../http/credentials.ts";
import { createAuthorize } from "../../http/reviews/authorize.ts";
import { createTokenReviewer } from "../../http/reviews/token-review.ts";
import { authorize } from "./authorize.ts";

/** @throws StatusError Unauthorized, Forbidden */
export type AuthorizeScraper = (request: IncomingMessage) => Promise<void>;

export function createAuthorizeScraper(client: Client): AuthorizeScraper {
  const reviewToken = createTokenReviewer(client);
  const authorizeUser = createAuthorize(client);
  return async (request) => {
    const token = bearerOf(request);
    if (token === undefined) return authorize(request.socket as TLSSocket);
    const user = await reviewToken(token);
    if (user === undefined) throw new StatusError("Unauthorized", "the bearer token is not good");
    await authorizeUser(nonResourceAttributes(user, "GET", "/metrics"));
  };
}
