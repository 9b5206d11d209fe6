/** Asks the cluster's API server whose bearer token it is. What it vouches for is believed for some seconds. */
import { createHash } from "node:crypto";
import type { UserInfo } from "../../../api/admission.ts";
import { tokenReviews } from "../../../api/authentication.ts";
import type { Client } from "../../client/client.ts";
import { createExpiringCache } from "./expiring-cache.ts";

/** Undefined when the token is not good. */
export type ReviewToken = (token: string) => Promise<UserInfo | undefined>;

const lifetimeMs = 10_000;

export function createTokenReviewer(client: Client): ReviewToken {
  const known = createExpiringCache<UserInfo>({ lifetimeMs });
  return async (token) => {
    // Tokens themselves are not kept in memory any longer than their request.
    const key = createHash("sha256").update(token).digest("base64");
    const believed = known.get(key);
    if (believed) return believed;
    const user = await review(client, token);
    if (user) known.set(key, user);
    return user;
  };
}

async function review(client: Client, token: string): Promise<UserInfo | undefined> {
  const { status } = await client.create(tokenReviews, { spec: { token } });
  const { username, groups = [], uid, extra } = status?.user ?? {};
  if (status?.authenticated !== true || !username) return undefined;
  return {
    name: username,
    groups: [...groups],
    ...(uid && { uid }),
    ...(extra && { extra }),
  };
}
