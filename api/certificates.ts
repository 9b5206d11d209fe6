/** The kinds of the `certificates.k8s.io` group. */
import type * as models from "kubernetes-models/certificates.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface CertificateSigningRequest extends Kind<models.ICertificateSigningRequest> {}

export const certificateSigningRequests: Resource<CertificateSigningRequest> = {
  group: "certificates.k8s.io",
  version: "v1",
  plural: "certificatesigningrequests",
  kind: "CertificateSigningRequest",
  namespaced: false,
};
