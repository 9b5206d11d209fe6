/** One request for a resource, on its way through a verb; and what the verbs work with. */
import type { AdmissionPlugin, ApiRequest, ApiResponse, UserInfo } from "../../../api/admission.ts";
import type { ResourcePath } from "../../http/path.ts";
import type { ServiceAccountKey } from "../../pki/service-account.ts";
import type { TokenAuthenticator } from "../authn/tokens.ts";
import type { KubeletClient } from "../proxy/kubelet.ts";
import type { Authorizer } from "../rbac/authorizer.ts";
import type { ServedKind } from "../registry/kind.ts";
import type { Registry } from "../registry/registry.ts";
import type { Objects } from "../storage/objects.ts";

export interface Api {
  registry: Registry;
  objects: Objects;
  admission: readonly AdmissionPlugin[];
  kubelets: KubeletClient;
  tokens: TokenIssuer;
  authorizer: Authorizer;
  authenticator: TokenAuthenticator;
  /** Aborted when the server closes: running watches end. */
  stopping: AbortSignal;
}

export interface TokenIssuer {
  key: ServiceAccountKey | undefined;
  issuer: string;
  /** Of a token that asks for none: the API server's own. */
  audiences: readonly string[];
}

/** What creating, changing or deleting an object needs to know of the request. */
export interface Operation {
  api: Api;
  kind: ServedKind;
  path: ResourcePath;
  query: URLSearchParams;
  user: UserInfo;
  dryRun: boolean;
  /** Who the fields that this operation changes belong to from then on. */
  fieldManager: string;
  /** Server-side apply keeps the owners of fields itself. */
  applies: boolean;
  /** Shown by kubectl; sent as `Warning` headers with the answer. */
  warnings: string[];
}

export interface Call extends Operation {
  request: ApiRequest;
  response: ApiResponse;
}

export function nameIn(call: Pick<Operation, "path">): string {
  return call.path.name ?? "";
}
