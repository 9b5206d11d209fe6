/** What is left in vmpod's namespace when its installed objects are gone: what its pods made, and perhaps things of others. */
import { deployments, statefulSets } from "../../../api/apps.ts";
import { leases } from "../../../api/coordination.ts";
import {
  configMaps,
  type Namespace,
  namespaces,
  persistentVolumeClaims,
  pods,
  secrets,
  services,
} from "../../../api/core.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { certificateSecrets } from "../../base/cluster-names.ts";
import type { Client } from "../../client/client.ts";
import { listMetadata } from "../../client/metadata-list.ts";
import { waitFor } from "../../client/wait-for.ts";
import { getIfThere } from "../cluster/apply.ts";
import { nameOf } from "../cluster/kinds.ts";
import type { Waiting } from "../cluster/waiting.ts";
import { wasMade } from "../render/namespace.ts";
import { deleteIfThere } from "./delete.ts";

const looked: readonly Resource[] = [
  pods,
  deployments,
  statefulSets,
  services,
  persistentVolumeClaims,
  configMaps,
  secrets,
];
const certificates: readonly string[] = Object.values(certificateSecrets);
/** Made by Kubernetes in every namespace. */
const everywhere = /^kube-root-ca\.crt$|^[a-z0-9.-]+-token-[a-z0-9]{5}$/;

/** @returns what was done, for people */
export async function removeNamespace(client: Client, name: string, waiting: Waiting): Promise<string> {
  const namespace: Namespace | undefined = await getIfThere(client, {
    apiVersion: "v1",
    kind: namespaces.kind,
    metadata: { name },
  });
  if (namespace === undefined) return `namespace ${name} is gone`;
  await removeMade(client, name);
  const [other] = others(
    (await Promise.all(looked.map((each) => listMetadata(client, each, { namespace: name })))).flat(),
  );
  if (other !== undefined) return `namespace ${name} stays: ${nameOf(other)} in it is not vmpod's`;
  if (!wasMade(namespace)) return `namespace ${name} stays: it was there before vmpod`;
  await deleteIfThere(client, namespaces, namespace);
  const { timeoutMs, signal } = waiting;
  await waitFor(client, namespaces, { name }, (found) => found === undefined, { timeoutMs, signal });
  return `namespace ${name} is gone`;
}

/** What vmpod's pods made for themselves. */
async function removeMade(client: Client, namespace: string): Promise<void> {
  const held = await listMetadata(client, leases, { namespace });
  const own = held.filter(({ metadata }) => metadata?.name?.startsWith("vmpod-"));
  for (const lease of own) await deleteIfThere(client, leases, lease);
  for (const name of certificates) await deleteIfThere(client, secrets, { metadata: { namespace, name } });
}

/** Pure. */
export function others(found: readonly KubeObject[]): KubeObject[] {
  return found.filter(({ metadata }) => {
    const { name = "", deletionTimestamp } = metadata ?? {};
    return deletionTimestamp === undefined && !certificates.includes(name) && !everywhere.test(name);
  });
}
