/** Until the cluster's API reaches vmpod's: the controller has put its authority's certificate where it belongs, and pods answer. */
import {
  type MutatingWebhookConfiguration,
  mutatingWebhookConfigurations,
  type ValidatingWebhookConfiguration,
  validatingWebhookConfigurations,
} from "../../../api/admissionregistration.ts";
import { type APIService, apiServices } from "../../../api/apiregistration.ts";
import type { Client } from "../../client/client.ts";
import { watchUntil } from "../../client/wait-for.ts";
import { ownSelector } from "../render/metadata.ts";
import type { Installation } from "../render/installation.ts";
import { onceEach, type Waiting } from "./waiting.ts";

export async function untilAnswered(client: Client, { api }: Installation, waiting: Waiting): Promise<void> {
  const { timeoutMs, signal } = waiting;
  const say = onceEach(waiting);
  const options = { labelSelector: ownSelector, timeoutMs, signal };
  const names = api.flatMap(({ kind, metadata }) => (kind === apiServices.kind ? [metadata?.name ?? ""] : []));
  await watchUntil(client, apiServices, options, (found) =>
    done(
      names.flatMap((name) => unavailable(found, name)),
      say,
    ),
  );
  for (const resource of [mutatingWebhookConfigurations, validatingWebhookConfigurations]) {
    await watchUntil<WebhookConfiguration, true>(client, resource, options, (found) =>
      done(found.flatMap(untrusted), say),
    );
  }
}

type WebhookConfiguration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

function done(reasons: string[], say: (reason: string) => void): true | undefined {
  const [reason] = reasons;
  if (reason === undefined) return true;
  say(reason);
  return undefined;
}

function unavailable(found: readonly APIService[], name: string): string[] {
  const condition = found
    .find(({ metadata }) => metadata?.name === name)
    ?.status?.conditions?.find(({ type }) => type === "Available");
  return condition?.status === "True" ? [] : [`APIService ${name}: ${condition?.message ?? "was not looked at yet"}`];
}

function untrusted({ kind, metadata, webhooks = [] }: WebhookConfiguration): string[] {
  return webhooks.some(({ clientConfig }) => !clientConfig.caBundle)
    ? [`${kind} ${metadata?.name}: the controller has not put its authority's certificate there yet`]
    : [];
}
