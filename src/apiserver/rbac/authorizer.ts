/**
 * RBAC over the roles and bindings in the cache: denied unless some binding of the user names a role with a rule that
 * allows it. `system:masters` may do everything.
 */
import type { UserInfo } from "../../../api/admission.ts";
import {
  clusterRoleBindings,
  clusterRoles,
  type PolicyRule,
  type RoleBinding,
  roleBindings,
  roles,
} from "../../../api/rbac.ts";
import type { Attributes, Decision } from "../../http/attributes.ts";
import { list } from "../registry/field.ts";
import type { Cache } from "../storage/cache.ts";
import { keyOf, prefixOf } from "../storage/keys.ts";
import { ruleAllows } from "./rule.ts";

export interface GrantedRule {
  rule: PolicyRule;
  /** Which binding grants it, for the reason of a decision. */
  by: string;
}

export interface Authorizer {
  decide(attributes: Attributes): Decision;
  /** All rules of a user, in one namespace and cluster-wide. */
  rulesOf(user: UserInfo, namespace: string | undefined): GrantedRule[];
}

/** Decides before RBAC; undefined: no opinion. */
export type Precedence = (attributes: Attributes) => Decision | undefined;

export function createAuthorizer(cache: Cache, precedence: readonly Precedence[] = []): Authorizer {
  const rulesOf = (user: UserInfo, namespace: string | undefined): GrantedRule[] => [
    ...clusterGrants(cache, user),
    ...(namespace === undefined ? [] : namespaceGrants(cache, user, namespace)),
  ];
  return {
    rulesOf,
    decide(attributes) {
      const { user, namespace } = attributes;
      if (user.groups.includes("system:masters")) return { allowed: true, reason: "member of system:masters" };
      for (const first of precedence) {
        const decision = first(attributes);
        if (decision) return decision;
      }
      const granted = rulesOf(user, namespace).find(({ rule }) => ruleAllows(rule, attributes));
      return granted ? { allowed: true, reason: `RBAC: allowed by ${granted.by}` } : { allowed: false, reason: "" };
    },
  };
}

function clusterGrants(cache: Cache, user: UserInfo): GrantedRule[] {
  return bindings(cache, prefixOf(clusterRoleBindings, undefined))
    .filter((binding) => binds(binding, user))
    .flatMap((binding) =>
      rulesOfRole(cache, binding, undefined).map((rule) => ({
        rule,
        by: `ClusterRoleBinding "${binding.metadata?.name ?? ""}" of ClusterRole "${binding.roleRef.name}"`,
      })),
    );
}

function namespaceGrants(cache: Cache, user: UserInfo, namespace: string): GrantedRule[] {
  return bindings(cache, prefixOf(roleBindings, namespace))
    .filter((binding) => binds(binding, user))
    .flatMap((binding) =>
      rulesOfRole(cache, binding, namespace).map((rule) => ({
        rule,
        by: `RoleBinding "${binding.metadata?.name ?? ""}/${namespace}" of ${binding.roleRef.kind} "${binding.roleRef.name}"`,
      })),
    );
}

function bindings(cache: Cache, prefix: string): RoleBinding[] {
  return cache.list(prefix).map((entry) => entry.object as RoleBinding);
}

function binds(binding: RoleBinding, user: UserInfo): boolean {
  return (binding.subjects ?? []).some((subject) => {
    if (subject.kind === "User") return subject.name === user.name;
    if (subject.kind === "Group") return user.groups.includes(subject.name);
    const namespace = subject.namespace ?? binding.metadata?.namespace ?? "";
    return subject.kind === "ServiceAccount" && user.name === `system:serviceaccount:${namespace}:${subject.name}`;
  });
}

function rulesOfRole(cache: Cache, { roleRef }: RoleBinding, namespace: string | undefined): readonly PolicyRule[] {
  const kind = roleRef.kind === "Role" ? roles : clusterRoles;
  const entry = cache.get(keyOf(kind, namespace, roleRef.name));
  return list<PolicyRule>(entry?.object, "rules");
}
