/** Until the cluster's API reaches vmpod's: the controller has put its authority's certificate where it belongs, and pods answer. */
import {
  type MutatingWebhookConfiguration,
  mutatingWebhookConfigurations,
  type ValidatingWebhookConfiguration,
  validatingWebhookConfigurations,
} from "../../../api/admissionregistration.ts";
import { setTimeout as delay } from "node:timers/promises";
import { type APIService, apiServices } from "../../../api/apiregistration.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { ownSelector } from "../render/metadata.ts";
import type { Installation } from "../render/installation.ts";
import { untilNothingLacks, type Waiting } from "./waiting.ts";

const routePollMs = 1_000;

export async function untilAnswered(client: Client, { api }: Installation, waiting: Waiting): Promise<void> {
  const which = { labelSelector: ownSelector };
  const names = api.flatMap(({ kind, metadata }) => (kind === apiServices.kind ? [metadata?.name ?? ""] : []));
  const unanswered = (found: readonly APIService[]) => names.map((name) => unavailable(found, name)).find(Boolean);
  await untilNothingLacks(client, apiServices, which, waiting, unanswered);
  for (const name of names) await untilRouted(client, name, waiting);
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

/** A cluster's API passes requests on only some time after it called the service available: Kubernetes 1.20 up to a minute. */
async function untilRouted(client: Client, name: string, { onWait, timeoutMs, signal }: Waiting): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const version = name.slice(0, name.indexOf("."));
  const path = `/apis/${name.slice(version.length + 1)}/${version}`;
  for (let tries = 0; ; tries++) {
    const refusal = await client.request("GET", path, undefined, { signal }).then(() => undefined, unlessNotRouted);
    if (refusal === undefined) return;
    const reason = `${path} is not passed on to vmpod yet: ${refusal.message}`;
    if (performance.now() > deadline) throw new Error(`after ${Math.round(timeoutMs / 1000)} s still: ${reason}`);
    if (tries === 0) onWait(reason);
    await delay(routePollMs, undefined, { signal });
  }
}

function unlessNotRouted(error: unknown): Error {
  if (isStatus(error, "NotFound", "ServiceUnavailable")) return error;
  throw error;
}

function untrusted({ kind, metadata, webhooks = [] }: WebhookConfiguration): string | undefined {
  return webhooks.some(({ clientConfig }) => !clientConfig.caBundle)
    ? `${kind} ${metadata?.name}: the controller has not put its authority's certificate there yet`
    : undefined;
}
