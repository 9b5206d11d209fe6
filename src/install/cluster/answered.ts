/** Until the cluster's API reaches vmpod's: the controller has put its authority's certificate where it belongs, and pods answer. */
import {
  type MutatingWebhookConfiguration,
  mutatingWebhookConfigurations,
  type ValidatingWebhookConfiguration,
  validatingWebhookConfigurations,
} from "../../../api/admissionregistration.ts";
import { type APIService, apiServices } from "../../../api/apiregistration.ts";
import type { Client } from "../../client/client.ts";
import { ownSelector } from "../render/metadata.ts";
import type { Installation } from "../render/installation.ts";
import { untilNothingLacks, type Waiting } from "./waiting.ts";

export async function untilAnswered(client: Client, { api }: Installation, waiting: Waiting): Promise<void> {
  const which = { labelSelector: ownSelector };
  const names = api.flatMap(({ kind, metadata }) => (kind === apiServices.kind ? [metadata?.name ?? ""] : []));
  const unanswered = (found: readonly APIService[]) => names.map((name) => unavailable(found, name)).find(Boolean);
  await untilNothingLacks(client, apiServices, which, waiting, unanswered);
  for (const resource of [mutatingWebhookConfigurations, validatingWebhookConfigurations]) {
    await untilNothingLacks<WebhookConfiguration>(client, resource, which, waiting, (found) =>
      found.map(untrusted).find(Boolean),
    );
  }
}

type WebhookConfiguration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

function unavailable(found: readonly APIService[], name: string): string | undefined {
  const service = found.find(({ metadata }) => metadata?.name === name);
  const condition = service?.status?.conditions?.find(({ type }) => type === "Available");
  if (condition?.status === "True") return undefined;
  return `APIService ${name}: ${condition?.message ?? "the cluster has not looked at it yet"}`;
}

function untrusted({ kind, metadata, webhooks = [] }: WebhookConfiguration): string | undefined {
  return webhooks.some(({ clientConfig }) => !clientConfig.caBundle)
    ? `${kind} ${metadata?.name}: the controller has not put its authority's certificate there yet`
    : undefined;
}
