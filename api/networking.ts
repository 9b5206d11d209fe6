/** The kinds of the `networking.k8s.io` group. */
import type * as models from "kubernetes-models/networking.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface NetworkPolicy extends Kind<models.INetworkPolicy> {}
export interface Ingress extends Kind<models.IIngress> {}

export const networkPolicies: Resource<NetworkPolicy> = {
  group: "networking.k8s.io",
  version: "v1",
  plural: "networkpolicies",
  kind: "NetworkPolicy",
  namespaced: true,
};
export const ingresses: Resource<Ingress> = {
  group: "networking.k8s.io",
  version: "v1",
  plural: "ingresses",
  kind: "Ingress",
  namespaced: true,
};
