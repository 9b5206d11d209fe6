/**
 * Bearer tokens: service-account JWTs, checked against the signing key and against the objects that they are
 * bound to, and static tokens. Signature checks are remembered; whether the bound objects live is asked each time.
 */
import { createHash } from "node:crypto";
import { errors } from "jose";
import type { UserInfo } from "../../../api/admission.ts";
import { serviceAccounts, pods, secrets, nodes } from "../../../api/core.ts";
import { type ServiceAccountKey, type VerifiedToken, verifyServiceAccountToken } from "../../pki/service-account.ts";
import type { Cache } from "../storage/cache.ts";
import { keyOf, type KindPlace } from "../storage/keys.ts";

export interface TokenAuthenticator {
  /** Undefined when the token is not good for any of the audiences (default: the API's own). */
  authenticate(token: string, audiences?: readonly string[]): Promise<TokenIdentity | undefined>;
}

export interface TokenIdentity {
  user: UserInfo;
  audiences: string[];
}

export interface TokenOptions {
  key: ServiceAccountKey | undefined;
  issuer: string;
  audiences: readonly string[];
  /** Token -> user. */
  staticTokens: ReadonlyMap<string, UserInfo>;
  cache: Cache;
}

const rememberedTokens = 2048;

export function createTokenAuthenticator(options: TokenOptions): TokenAuthenticator {
  const remembered = new Map<string, VerifiedToken>();
  return {
    async authenticate(token, audiences = options.audiences) {
      const fixed = options.staticTokens.get(token);
      if (fixed) return { user: fixed, audiences: [...audiences] };
      const claims = await verify(options, remembered, token, audiences);
      if (!claims || !boundObjectsLive(options.cache, claims)) return undefined;
      const own = [claims.aud ?? []].flat();
      return { user: userOf(claims), audiences: audiences.filter((audience) => own.includes(audience)) };
    },
  };
}

async function verify(
  options: TokenOptions,
  remembered: Map<string, VerifiedToken>,
  token: string,
  audiences: readonly string[],
) {
  if (!options.key) return undefined;
  const id = createHash("sha256").update(token).update("\0").update(audiences.join(",")).digest("base64");
  const known = remembered.get(id);
  if (known && (known.exp ?? 0) * 1000 > Date.now()) return known;
  try {
    const claims = await verifyServiceAccountToken(options.key, token, {
      issuer: options.issuer,
      audiences: [...audiences],
    });
    if (remembered.size >= rememberedTokens) remembered.clear();
    remembered.set(id, claims);
    return claims;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function boundObjectsLive(cache: Cache, claims: VerifiedToken): boolean {
  const { namespace, serviceaccount, pod, secret, node } = claims["kubernetes.io"];
  const lives = (kind: KindPlace, scope: string | undefined, reference: { name: string; uid: string }): boolean =>
    cache.get(keyOf(kind, scope, reference.name))?.object.metadata?.uid === reference.uid;
  return (
    lives(serviceAccounts, namespace, serviceaccount) &&
    (!pod || lives(pods, namespace, pod)) &&
    (!secret || lives(secrets, namespace, secret)) &&
    (!node || lives(nodes, undefined, node))
  );
}

function userOf(claims: VerifiedToken): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims["kubernetes.io"];
  const extra: Record<string, string[]> = {};
  if (claims.jti) extra["authentication.kubernetes.io/credential-id"] = [`JTI=${claims.jti}`];
  if (pod) {
    extra["authentication.kubernetes.io/pod-name"] = [pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
  }
  if (node) extra["authentication.kubernetes.io/node-name"] = [node.name];
  return {
    name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
