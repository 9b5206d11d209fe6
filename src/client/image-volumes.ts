/**
 * Whether a cluster's pods can have image volumes, by what its API publishes of its own types. A version says nothing:
 * the feature may be gated; and a server that does not know the field drops it silently, which makes the volume an empty directory.
 */
import type { Client } from "./client.ts";
import { unlessNotFound } from "./unless-not-found.ts";

interface Schema {
  properties?: Record<string, unknown>;
}

const podVolume = "io.k8s.api.core.v1.Volume";

export async function servesImageVolumes(client: Client, signal?: AbortSignal): Promise<boolean> {
  const schemas = (await publishedV3(client, signal)) ?? (await publishedV2(client, signal));
  return schemas[podVolume]?.properties?.["image"] !== undefined;
}

/** A tenth of the size of v2, where it is served. */
async function publishedV3(client: Client, signal?: AbortSignal): Promise<Record<string, Schema> | undefined> {
  type Document = { components?: { schemas?: Record<string, Schema> } };
  const asked = client.request<Document>("GET", "/openapi/v3/api/v1", undefined, { signal });
  return (await unlessNotFound(asked))?.components?.schemas;
}

async function publishedV2(client: Client, signal?: AbortSignal): Promise<Record<string, Schema>> {
  const document = await client.request<{ definitions?: Record<string, Schema> }>("GET", "/openapi/v2", undefined, {
    signal,
  });
  return document.definitions ?? {};
}
