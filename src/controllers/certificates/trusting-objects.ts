/** The objects by which the cluster's API server learns whom to trust when it calls the extension. Pure. */
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "../../../api/admissionregistration.ts";
import { type APIService, apiServices } from "../../../api/apiregistration.ts";
import type { Resource } from "../../../api/meta.ts";
import { extensionService } from "../../base/cluster-names.ts";

type WebhookConfiguration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

export type TrustingObject = WebhookConfiguration | APIService;

export interface Trusting {
  resource: Resource<TrustingObject>;
  object: TrustingObject;
}

/** The object with the bundle wherever it speaks of the extension's Service; the same object when it is there already. */
export function withCaBundle({ object }: Trusting, namespace: string, bundlePem: string): TrustingObject {
  const caBundle = Buffer.from(bundlePem).toString("base64");
  return isApiService(object) ? apiServiceWith(object, namespace, caBundle) : webhooksWith(object, namespace, caBundle);
}

function isApiService(object: TrustingObject): object is APIService {
  return object.kind === apiServices.kind;
}

function apiServiceWith(object: APIService, namespace: string, caBundle: string): APIService {
  const { spec } = object;
  if (!spec || !isOurs(spec.service, namespace) || spec.caBundle === caBundle) return object;
  // The two exclude each other.
  const { insecureSkipTLSVerify: _, ...rest } = spec;
  return { ...object, spec: { ...rest, caBundle } };
}

function webhooksWith(object: WebhookConfiguration, namespace: string, caBundle: string): WebhookConfiguration {
  const webhooks = object.webhooks ?? [];
  const isDue = ({ clientConfig }: (typeof webhooks)[number]): boolean =>
    isOurs(clientConfig.service, namespace) && clientConfig.caBundle !== caBundle;
  if (!webhooks.some(isDue)) return object;
  const changed = webhooks.map((webhook) =>
    isDue(webhook) ? { ...webhook, clientConfig: { ...webhook.clientConfig, caBundle } } : webhook,
  );
  return { ...object, webhooks: changed };
}

function isOurs(service: { name?: string; namespace?: string } | undefined, namespace: string): boolean {
  return service?.name === extensionService && service.namespace === namespace;
}
