/** Kinds that are created, answered and never stored. */
import type { ApiRequest, ApiResponse, UserInfo } from "../../../api/admission.ts";
import type { DiscoveredResource } from "../../http/discovery/groups.ts";
import type { Api } from "../verbs/call.ts";
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from "./access.ts";
import { selfSubjectReview, tokenReview } from "./identity.ts";
import { selfSubjectRulesReview } from "./rules.ts";

export interface ReviewCall {
  api: Api;
  user: UserInfo;
  request: ApiRequest;
  response: ApiResponse;
  /** Read once, remembered. */
  body(): Promise<object>;
}

interface Review {
  kind: string;
  namespaced?: boolean;
  run(call: ReviewCall): Promise<void>;
}

const authorization: Record<string, Review> = {
  localsubjectaccessreviews: { kind: "LocalSubjectAccessReview", namespaced: true, run: localSubjectAccessReview },
  selfsubjectaccessreviews: { kind: "SelfSubjectAccessReview", run: selfSubjectAccessReview },
  selfsubjectrulesreviews: { kind: "SelfSubjectRulesReview", run: selfSubjectRulesReview },
  subjectaccessreviews: { kind: "SubjectAccessReview", run: subjectAccessReview },
};

const authentication: Record<string, Review> = {
  selfsubjectreviews: { kind: "SelfSubjectReview", run: selfSubjectReview },
  tokenreviews: { kind: "TokenReview", run: tokenReview },
};

const reviews: Readonly<Record<string, Record<string, Review>>> = {
  "authentication.k8s.io/v1": authentication,
  "authorization.k8s.io/v1": authorization,
};

export function findReview(group: string, version: string, plural: string): Review | undefined {
  return reviews[`${group}/${version}`]?.[plural];
}

export function discoveredReviews(): Record<string, DiscoveredResource[]> {
  const entries = Object.entries(reviews).map(([groupVersion, all]): [string, DiscoveredResource[]] => [
    groupVersion,
    Object.entries(all).map(([name, { kind, namespaced = false }]) => ({
      name,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ["create"],
    })),
  ]);
  return Object.fromEntries(entries);
}
