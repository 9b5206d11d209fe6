/** Removes what an installation has and should not have. Kinds and the namespace are never among it: with them would go machines. */
import { customResourceDefinitions } from "../../../api/apiextensions.ts";
import { namespaces } from "../../../api/core.ts";
import { kubeVirts } from "../../../api/kubevirt/resources.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import type { Client } from "../../client/client.ts";
import { listMetadata } from "../../client/metadata-list.ts";
import { policyVersionOf, type ServedGroups } from "../features.ts";
import { installedKinds, nameOf } from "../cluster/kinds.ts";
import { ownSelector } from "../render/metadata.ts";
import { deleteIfThere } from "./delete.ts";

const kept: readonly Resource[] = [namespaces, customResourceDefinitions, kubeVirts];

/** @returns the names of what was removed */
export async function prune(client: Client, wanted: readonly KubeObject[], namespace: string): Promise<string[]> {
  const policyVersion = policyVersionOf(await client.request<ServedGroups>("GET", "/apis")) ?? "v1";
  const prunable = installedKinds({ policyVersion }).filter((resource) => !kept.includes(resource));
  const removed: string[] = [];
  for (const resource of prunable) {
    const found = await listMetadata(client, resource, { labelSelector: ownSelector });
    for (const object of superfluous(found, wanted, namespace)) {
      await deleteIfThere(client, resource, object);
      removed.push(nameOf(object));
    }
  }
  return removed;
}

/** Pure. */
export function superfluous(
  found: readonly KubeObject[],
  wanted: readonly KubeObject[],
  namespace: string,
): KubeObject[] {
  const names = new Set(wanted.map(nameOf));
  const places = new Set([undefined, namespace, "kube-system"]);
  return found.filter((object) => places.has(object.metadata?.namespace) && !names.has(nameOf(object)));
}
