/** Reviews of the `authorization.k8s.io` group: created, answered and never stored. */
import type * as models from "kubernetes-models/authorization.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface SubjectAccessReview extends Kind<models.ISubjectAccessReview> {}
export interface SelfSubjectAccessReview extends Kind<models.ISelfSubjectAccessReview> {}
export interface LocalSubjectAccessReview extends Kind<models.ILocalSubjectAccessReview> {}
export interface SelfSubjectRulesReview extends Kind<models.ISelfSubjectRulesReview> {}

export type ResourceAttributes = models.IResourceAttributes;
export type NonResourceAttributes = models.INonResourceAttributes;
export type ResourceRule = models.IResourceRule;
export type NonResourceRule = models.INonResourceRule;

export const subjectAccessReviews: Resource<SubjectAccessReview> = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "subjectaccessreviews",
  kind: "SubjectAccessReview",
  namespaced: false,
};
export const selfSubjectAccessReviews: Resource<SelfSubjectAccessReview> = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectaccessreviews",
  kind: "SelfSubjectAccessReview",
  namespaced: false,
};
export const localSubjectAccessReviews: Resource<LocalSubjectAccessReview> = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "localsubjectaccessreviews",
  kind: "LocalSubjectAccessReview",
  namespaced: true,
};
export const selfSubjectRulesReviews: Resource<SelfSubjectRulesReview> = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectrulesreviews",
  kind: "SelfSubjectRulesReview",
  namespaced: false,
};
