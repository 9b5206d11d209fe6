/** Tokens of a pod's service account, bound to the pod; asked again when most of their time is over. */
import type { Pod } from "../../../api/core.ts";
import type { Client } from "../../client/client.ts";
import type { TokenWish } from "./payload.ts";

export interface KnownToken {
  token: string;
  refreshAtMs: number;
}

interface TokenRequest {
  apiVersion: "authentication.k8s.io/v1";
  kind: "TokenRequest";
  spec: {
    audiences: string[];
    expirationSeconds: number;
    boundObjectRef: { apiVersion: "v1"; kind: "Pod"; name: string; uid: string };
  };
  status?: { token: string; expirationTimestamp: string };
}

const defaultSeconds = 3607;
const refreshAfterFraction = 0.8;
const longestAgeMs = 24 * 3_600_000;

export async function serviceAccountToken(
  client: Client,
  pod: Pod,
  wish: TokenWish,
  known: Map<string, KnownToken>,
): Promise<string> {
  const key = `${wish.audience ?? ""}/${wish.expirationSeconds ?? defaultSeconds}`;
  const present = known.get(key);
  if (present !== undefined && Date.now() < present.refreshAtMs) {
    return present.token;
  }
  const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
  const account = pod.spec?.serviceAccountName ?? "default";
  const request: TokenRequest = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      audiences: wish.audience === undefined ? [] : [wish.audience],
      expirationSeconds: wish.expirationSeconds ?? defaultSeconds,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
    },
  };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const { status } = await client.request<TokenRequest>("POST", path, request);
  const token = status?.token ?? "";
  known.set(key, { token, refreshAtMs: refreshTime(status?.expirationTimestamp) });
  return token;
}

function refreshTime(expiration: string | undefined): number {
  const now = Date.now();
  const lifeMs = expiration === undefined ? 0 : Date.parse(expiration) - now;
  return now + Math.min(lifeMs * refreshAfterFraction, longestAgeMs);
}
