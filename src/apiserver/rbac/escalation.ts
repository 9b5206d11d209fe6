/**
 * Nobody gives away more than they have: a role may only hold rules that its writer has, a binding may only name
 * a role whose rules its writer has, unless the verbs `escalate` or `bind` are allowed on the role.
 */
import type { AdmissionPlugin, AdmissionRequest, UserInfo } from "../../../api/admission.ts";
import { clusterRoles, type PolicyRule, type RoleRef, roles } from "../../../api/rbac.ts";
import { sameJson } from "../../apimachinery/schema/same-json.ts";
import { StatusError } from "../../base/errors.ts";
import type { Attributes } from "../../http/attributes.ts";
import { field, list } from "../registry/field.ts";
import type { Cache } from "../storage/cache.ts";
import { keyOf } from "../storage/keys.ts";
import type { Authorizer } from "./authorizer.ts";
import { missingRules } from "./covers.ts";

const group = roles.group;

export function createEscalationCheck(cache: Cache, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "RoleEscalation",
    matches: ({ resource, operation, subresource }) =>
      resource.group === group && operation !== "DELETE" && subresource === "",
    validate(request) {
      if (request.user.groups.includes("system:masters")) return;
      if (request.resource.plural.endsWith("bindings")) checkBinding(cache, authorizer, request);
      else checkRole(authorizer, request);
    },
  };
}

/** What an aggregated role will hold is for its selectors to find: so nobody makes one who does not have it all. */
const everything: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

function checkRole(authorizer: Authorizer, request: AdmissionRequest): void {
  const rules = list<PolicyRule>(request.object, "rules");
  const aggregation = field(request.object, "aggregationRule");
  const gathersAnew = aggregation !== undefined && !sameJson(aggregation, field(request.oldObject, "aggregationRule"));
  if (!gathersAnew && request.oldObject && sameJson(rules, list(request.oldObject, "rules"))) return;
  if (may(authorizer, request, "escalate", request.resource.plural, request.name)) return;
  refuseMissing(authorizer, request, gathersAnew ? [...rules, ...everything] : rules);
}

function checkBinding(cache: Cache, authorizer: Authorizer, request: AdmissionRequest): void {
  const roleRef = field(request.object, "roleRef") as RoleRef;
  const same =
    sameJson(roleRef, field(request.oldObject, "roleRef")) &&
    sameJson(list(request.object, "subjects"), list(request.oldObject, "subjects"));
  if (request.oldObject && same) return;
  const kind = roleRef.kind === "Role" ? roles : clusterRoles;
  if (may(authorizer, request, "bind", kind.plural, roleRef.name)) return;
  const role = cache.get(keyOf(kind, request.namespace, roleRef.name));
  if (!role) throw new StatusError("NotFound", `${kind.plural}.${group} "${roleRef.name}" not found`);
  refuseMissing(authorizer, request, list<PolicyRule>(role.object, "rules"));
}

function may(
  authorizer: Authorizer,
  { user, namespace }: AdmissionRequest,
  verb: string,
  resource: string,
  name: string,
): boolean {
  const attributes: Attributes = { user, verb, group, version: "v1", resource, subresource: "", namespace, name };
  return authorizer.decide(attributes).allowed;
}

function refuseMissing(
  authorizer: Authorizer,
  { user, namespace, resource, name }: AdmissionRequest,
  rules: readonly PolicyRule[],
): void {
  const missing = missingRules(
    authorizer.rulesOf(user, namespace).map(({ rule }) => rule),
    rules,
  );
  if (missing.length === 0) return;
  const details = { name, group, kind: resource.plural };
  throw new StatusError(
    "Forbidden",
    `${resource.plural}.${group} "${name}" is forbidden: ${userText(user)} is attempting to grant RBAC permissions not currently held:\n${missing.map((rule) => JSON.stringify(rule)).join("\n")}`,
    details,
  );
}

function userText({ name, groups }: UserInfo): string {
  return `user "${name}" (groups=${JSON.stringify(groups)})`;
}
