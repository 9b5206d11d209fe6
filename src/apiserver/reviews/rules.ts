/** SelfSubjectRulesReview: all that the user may do in a namespace (`kubectl auth can-i --list`). */
import { answerJson } from "../../http/answer.ts";
import { text } from "../registry/field.ts";
import type { ReviewCall } from "./review.ts";

const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const everyPath = { verbs: ["*"], nonResourceURLs: ["*"] };

export async function selfSubjectRulesReview(call: ReviewCall): Promise<void> {
  const body = await call.body();
  const namespace = text(body, "spec", "namespace");
  const isMaster = call.user.groups.includes("system:masters");
  const granted = call.api.authorizer.rulesOf(call.user, namespace).map(({ rule }) => rule);
  const rules = isMaster ? [everything, everyPath, ...granted] : granted;
  const status = {
    resourceRules: rules.flatMap((rule) =>
      "resources" in rule && rule.resources ? [pick(rule, ["verbs", "apiGroups", "resources", "resourceNames"])] : [],
    ),
    nonResourceRules: rules.flatMap((rule) =>
      "nonResourceURLs" in rule && rule.nonResourceURLs ? [pick(rule, ["verbs", "nonResourceURLs"])] : [],
    ),
    incomplete: false,
  };
  const metadata = { creationTimestamp: null };
  answerJson(call.response, 201, {
    ...body,
    kind: "SelfSubjectRulesReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata,
    status,
  });
}

function pick(rule: object, keys: readonly string[]): Record<string, unknown> {
  const entries = Object.entries(rule).filter(([key, value]) => keys.includes(key) && value !== undefined);
  return Object.fromEntries(entries);
}
