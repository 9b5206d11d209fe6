/** Which kinds the server has that can be listed and deleted, custom ones included; each in one version. */
import type { Resource } from "../../api/meta.ts";
import { isStatus } from "../base/errors.ts";
import type { Client } from "../client/client.ts";

interface ResourceList {
  groupVersion: string;
  resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
}

interface GroupList {
  groups: { name: string; preferredVersion?: { version: string }; versions: { version: string }[] }[];
}

export async function discoverResources(client: Client): Promise<Resource[]> {
  const { groups } = await client.request<GroupList>("GET", "/apis");
  const named = groups.map((group) => ({
    group: group.name,
    version: group.preferredVersion?.version ?? group.versions[0]?.version ?? "",
  }));
  const lists = await Promise.all([{ group: "", version: "v1" }, ...named].map((each) => resourcesOf(client, each)));
  return lists.flat();
}

async function resourcesOf(
  client: Client,
  { group, version }: { group: string; version: string },
): Promise<Resource[]> {
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  try {
    const { resources } = await client.request<ResourceList>("GET", path);
    return resources
      .filter(({ name, verbs }) => !name.includes("/") && verbs.includes("list") && verbs.includes("delete"))
      .map(({ name, kind, namespaced }) => ({ group, version, plural: name, kind, namespaced }));
  } catch (error) {
    // A definition that went away between the two requests has nothing left to list.
    if (isStatus(error, "NotFound", "ServiceUnavailable")) return [];
    throw error;
  }
}
