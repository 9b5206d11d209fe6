/** The kinds of the `rbac.authorization.k8s.io` group. */
import type * as models from "kubernetes-models/rbac.authorization.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface Role extends Kind<models.IRole> {}
export interface RoleBinding extends Kind<models.IRoleBinding> {}
export interface ClusterRole extends Kind<models.IClusterRole> {}
export interface ClusterRoleBinding extends Kind<models.IClusterRoleBinding> {}

export type PolicyRule = models.IPolicyRule;
export type RoleRef = models.IRoleRef;
export type Subject = models.ISubject;
export type AggregationRule = models.IAggregationRule;

export const roles: Resource<Role> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  plural: "roles",
  kind: "Role",
  namespaced: true,
};
export const roleBindings: Resource<RoleBinding> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  plural: "rolebindings",
  kind: "RoleBinding",
  namespaced: true,
};
export const clusterRoles: Resource<ClusterRole> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  plural: "clusterroles",
  kind: "ClusterRole",
  namespaced: false,
};
export const clusterRoleBindings: Resource<ClusterRoleBinding> = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  plural: "clusterrolebindings",
  kind: "ClusterRoleBinding",
  namespaced: false,
};
