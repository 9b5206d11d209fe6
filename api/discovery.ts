/** The kinds of the `discovery.k8s.io` group. */
import type * as models from "kubernetes-models/discovery.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface EndpointSlice extends Kind<models.IEndpointSlice> {}

export type Endpoint = models.IEndpoint;
export type EndpointConditions = models.IEndpointConditions;
export type EndpointPort = models.IEndpointPort;

export const endpointSlices: Resource<EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  plural: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
};
