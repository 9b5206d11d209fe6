/** The kinds of the `admissionregistration.k8s.io` group. */
import type * as models from "kubernetes-models/admissionregistration.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface ValidatingWebhookConfiguration extends Kind<models.IValidatingWebhookConfiguration> {}
export interface MutatingWebhookConfiguration extends Kind<models.IMutatingWebhookConfiguration> {}

export const validatingWebhookConfigurations: Resource<ValidatingWebhookConfiguration> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "validatingwebhookconfigurations",
  kind: "ValidatingWebhookConfiguration",
  namespaced: false,
};
export const mutatingWebhookConfigurations: Resource<MutatingWebhookConfiguration> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural: "mutatingwebhookconfigurations",
  kind: "MutatingWebhookConfiguration",
  namespaced: false,
};
