/** Whether somebody may read metrics: he has a bearer token with the right to `get` the path `/metrics`, as monitoring systems have. */
import type { IncomingMessage } from "node:http";
import { StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { nonResourceAttributes } from "../attributes.ts";
import { bearerOf } from "../credentials.ts";
import { createAuthorize } from "./authorize.ts";
import { createTokenReviewer } from "./token-review.ts";

/** @throws StatusError Unauthorized, Forbidden */
export type AuthorizeScraper = (request: IncomingMessage) => Promise<void>;

export function createAuthorizeScraper(client: Client): AuthorizeScraper {
  const reviewToken = createTokenReviewer(client);
  const authorize = createAuthorize(client);
  return async (request) => {
    const token = bearerOf(request);
    const user = token ? await reviewToken(token) : undefined;
    if (user === undefined)
      throw new StatusError("Unauthorized", "a bearer token of somebody who may get /metrics is required");
    await authorize(nonResourceAttributes(user, "GET", "/metrics"));
  };
}
