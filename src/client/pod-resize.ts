/**
 * Whether the resources of a running pod can be changed, by what the API serves. A cluster's nodes have to be as new as its API server for
 * it to come to anything.
 */
import type { Client } from "./client.ts";

export async function servesPodResize(client: Client, signal?: AbortSignal): Promise<boolean> {
  type Discovered = { resources?: { name: string; verbs?: string[] }[] };
  const { resources = [] } = await client.request<Discovered>("GET", "/api/v1", undefined, { signal });
  return resources.some(({ name, verbs = [] }) => name === "pods/resize" && verbs.includes("patch"));
}
