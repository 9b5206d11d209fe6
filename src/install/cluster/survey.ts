/** Looks at a cluster before anything in it is touched. */
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "../../../api/admissionregistration.ts";
import { customResourceDefinitions } from "../../../api/apiextensions.ts";
import { apiServices } from "../../../api/apiregistration.ts";
import { deployments } from "../../../api/apps.ts";
import { customResourceDefinitions as ownDefinitions } from "../../../api/kubevirt/crds.ts";
import { kubeVirts } from "../../../api/kubevirt/resources.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { serviceAccounts } from "../../base/cluster-names.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { listMetadata } from "../../client/metadata-list.ts";
import { type ClusterFeatures, missingApis, policyVersionOf, type ServedGroups } from "../features.ts";
import { type Survey, upstreamDeployments, upstreamWebhooks } from "./foreign.ts";

export async function survey(client: Client): Promise<Survey> {
  const served = await client.request<ServedGroups>("GET", "/apis");
  const lacks = missingApis(served);
  if (lacks.length > 0) {
    throw new Error(`this cluster does not serve ${lacks.join(", ")}: vmpod needs Kubernetes 1.20 or newer`);
  }
  const definitionNames = new Set(ownDefinitions().map(({ metadata }) => metadata?.name));
  const [definitions, kubevirts, found, registered, ...hooks] = await Promise.all([
    listMetadata(client, customResourceDefinitions),
    unlessUnknown(listMetadata(client, kubeVirts)),
    named(client, deployments, [...upstreamDeployments, serviceAccounts.controller]),
    client.list(apiServices),
    named(client, mutatingWebhookConfigurations, upstreamWebhooks),
    named(client, validatingWebhookConfigurations, upstreamWebhooks),
  ]);
  return {
    served,
    definitions: definitions.filter(({ metadata }) => definitionNames.has(metadata?.name)),
    kubeVirts: kubevirts,
    deployments: found,
    apiServices: registered.items.filter(({ spec }) => spec?.group === "subresources.kubevirt.io"),
    webhooks: hooks.flat(),
  };
}

/** In all namespaces. */
async function named(client: Client, resource: Resource, names: readonly string[]): Promise<KubeObject[]> {
  const lists = names.map((name) => listMetadata(client, resource, { fieldSelector: `metadata.name=${name}` }));
  return (await Promise.all(lists)).flat();
}

async function unlessUnknown(list: Promise<KubeObject[]>): Promise<KubeObject[]> {
  try {
    return await list;
  } catch (error) {
    if (isStatus(error, "NotFound")) return [];
    throw error;
  }
}

export async function featuresOf(client: Client, served: ServedGroups): Promise<ClusterFeatures> {
  return {
    policyVersion: policyVersionOf(served) ?? "v1",
    webhookMatchConditions: await servesMatchConditions(client),
  };
}

/** Who does not publish OpenAPI v3 is older than match conditions are. */
async function servesMatchConditions(client: Client): Promise<boolean> {
  interface Document {
    components?: { schemas?: Record<string, { properties?: Record<string, unknown> }> };
  }
  try {
    const document = await client.request<Document>("GET", "/openapi/v3/apis/admissionregistration.k8s.io/v1");
    const webhook = document.components?.schemas?.["io.k8s.api.admissionregistration.v1.ValidatingWebhook"];
    return webhook?.properties?.["matchConditions"] !== undefined;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}
