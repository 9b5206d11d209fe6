/** The kinds of the `apiregistration.k8s.io` group. */
import type * as models from "kubernetes-models/apiregistration.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface APIService extends Kind<models.IAPIService> {}

export const apiServices: Resource<APIService> = {
  group: "apiregistration.k8s.io",
  version: "v1",
  plural: "apiservices",
  kind: "APIService",
  namespaced: false,
};
