/** The kinds of the `policy` group. */
import type * as models from "kubernetes-models/policy/v1";
import type { Kind, Resource } from "./meta.ts";

export interface PodDisruptionBudget extends Kind<models.IPodDisruptionBudget> {}
export interface Eviction extends Kind<models.IEviction> {}

export const podDisruptionBudgets: Resource<PodDisruptionBudget> = {
  group: "policy",
  version: "v1",
  plural: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
};
export const evictions: Resource<Eviction> = {
  group: "policy",
  version: "v1",
  plural: "evictions",
  kind: "Eviction",
  namespaced: true,
};
