import type { KubeList, KubeObject, Resource } from "../../api/meta.ts";
import type { Client, ListCallOptions } from "./client.ts";
import { collectionPath } from "./paths.ts";

/** A server that cannot leave the rest out sends whole objects. */
const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/** Lists only the metadata of objects: names and labels of kinds whose objects are large. */
export async function listMetadata(
  client: Client,
  resource: Resource,
  options: Pick<ListCallOptions, "namespace" | "labelSelector" | "fieldSelector" | "limit" | "signal"> = {},
): Promise<KubeObject[]> {
  const { namespace, labelSelector, fieldSelector, limit, signal } = options;
  const query = {
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
    ...(limit !== undefined && { limit: String(limit) }),
  };
  const path = collectionPath(resource, namespace);
  const list = await client.request<KubeList>("GET", path, undefined, { query, headers: { accept }, signal });
  return (list.items ?? []).map((item) => ({ ...item, kind: resource.kind }));
}
