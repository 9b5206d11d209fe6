/** The kinds of the `coordination.k8s.io` group. */
import type * as models from "kubernetes-models/coordination.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface Lease extends Kind<models.ILease> {}

export type LeaseSpec = models.ILeaseSpec;

export const leases: Resource<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
};
