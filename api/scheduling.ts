/** The kinds of the `scheduling.k8s.io` group. */
import type * as models from "kubernetes-models/scheduling.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface PriorityClass extends Kind<models.IPriorityClass> {}

export const priorityClasses: Resource<PriorityClass> = {
  group: "scheduling.k8s.io",
  version: "v1",
  plural: "priorityclasses",
  kind: "PriorityClass",
  namespaced: false,
};
