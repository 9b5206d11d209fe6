/** The API server's objects as `vmpod install` makes them: what the certificate controller's tests begin with. */
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "../../../api/admissionregistration.ts";
import type { APIService } from "../../../api/apiregistration.ts";
import { defaultNamespace, extensionService, webhookConfiguration } from "../../base/cluster-names.ts";

const service = { name: extensionService, namespace: defaultNamespace };

export function sampleWebhooks(): MutatingWebhookConfiguration & ValidatingWebhookConfiguration {
  const webhook = {
    name: "vmpod.kubevirt.io",
    clientConfig: { service: { ...service, path: "/validate" } },
    admissionReviewVersions: ["v1"],
    sideEffects: "None" as const,
  };
  const foreign = { ...webhook, name: "other.example.com", clientConfig: { url: "https://example.com" } };
  return {
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: webhookConfiguration, uid: "webhooks" },
    webhooks: [webhook, foreign],
  };
}

export function sampleApiService(name: string): APIService {
  return {
    kind: "APIService",
    metadata: { name, uid: name },
    spec: {
      group: "subresources.kubevirt.io",
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      version: "v1",
      service,
    },
  };
}
