/** TokenReview (whose token is this?) and SelfSubjectReview (`kubectl auth whoami`). */
import type { UserInfo } from "../../../api/admission.ts";
import { answerJson } from "../../http/answer.ts";
import { list, text } from "../registry/field.ts";
import type { ReviewCall } from "./review.ts";

export async function tokenReview(call: ReviewCall): Promise<void> {
  const body = await call.body();
  const audiences = list<string>(body, "spec", "audiences");
  const identity = await call.api.authenticator.authenticate(
    text(body, "spec", "token"),
    audiences.length > 0 ? audiences : undefined,
  );
  const status = identity
    ? { authenticated: true, user: userStatus(withAuthenticated(identity.user)), audiences: identity.audiences }
    : { authenticated: false, error: "the token is not valid" };
  answerJson(call.response, 201, {
    ...body,
    kind: "TokenReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { creationTimestamp: null },
    status,
  });
}

function withAuthenticated(user: UserInfo): UserInfo {
  return { ...user, groups: [...user.groups, "system:authenticated"] };
}

export async function selfSubjectReview(call: ReviewCall): Promise<void> {
  const status = { userInfo: userStatus(call.user) };
  answerJson(call.response, 201, {
    kind: "SelfSubjectReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { creationTimestamp: null },
    status,
  });
}

function userStatus({ name, uid, groups, extra }: UserInfo) {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}
