/** Reviews of the `authentication.k8s.io` group: created, answered and never stored. */
import type * as models from "kubernetes-models/authentication.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface TokenReview extends Kind<models.ITokenReview> {}
export interface SelfSubjectReview extends Kind<models.ISelfSubjectReview> {}
export interface TokenRequest extends Kind<models.ITokenRequest> {}

export type UserInfo = models.IUserInfo;

export const tokenReviews: Resource<TokenReview> = {
  group: "authentication.k8s.io",
  version: "v1",
  plural: "tokenreviews",
  kind: "TokenReview",
  namespaced: false,
};
export const selfSubjectReviews: Resource<SelfSubjectReview> = {
  group: "authentication.k8s.io",
  version: "v1",
  plural: "selfsubjectreviews",
  kind: "SelfSubjectReview",
  namespaced: false,
};
export const tokenRequests: Resource<TokenRequest> = {
  group: "authentication.k8s.io",
  version: "v1",
  plural: "tokenrequests",
  kind: "TokenRequest",
  namespaced: true,
};
