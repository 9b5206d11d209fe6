/**
 * Removes an installation and nothing else. The order keeps the cluster usable at every moment:
 *
 *   machines (only if told) ─> APIServices ─> webhooks ─> pods ─> rights ─> traces on nodes ─> namespace ─> kinds
 *
 * An APIService or a webhook that nobody answers would hold up others; kinds go last, because with a kind go its objects.
 */
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "../../api/admissionregistration.ts";
import { customResourceDefinitions } from "../../api/apiextensions.ts";
import { apiServices } from "../../api/apiregistration.ts";
import { daemonSets, deployments } from "../../api/apps.ts";
import { namespaces, nodes, pods } from "../../api/core.ts";
import { kubeVirts, virtualMachineInstances, virtualMachines } from "../../api/kubevirt/resources.ts";
import type { Resource } from "../../api/meta.ts";
import { serviceAccounts } from "../base/cluster-names.ts";
import { isStatus } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import { listMetadata } from "../client/metadata-list.ts";
import { accessToAll, requireAccess } from "./cluster/access.ts";
import { refuseUnmanageable } from "./cluster/foreign.ts";
import { installedKinds, nameOf } from "./cluster/kinds.ts";
import { survey } from "./cluster/survey.ts";
import { untilNothingLacks, type Waiting } from "./cluster/waiting.ts";
import { policyVersionOf, portableFeatures } from "./features.ts";
import { deleteIfThere } from "./removal/delete.ts";
import { refuseWhileMachinesExist, removeMachines } from "./removal/machines.ts";
import { removeNamespace } from "./removal/namespace-content.ts";
import { removeNodeTraces } from "./removal/node-traces.ts";
import { ownSelector } from "./render/metadata.ts";

export interface UninstallOptions {
  client: Client;
  namespace: string;
  /** End all guests and remove all machines, too. */
  withMachines: boolean;
  onProgress: (message: string) => void;
  timeoutMs: number;
  signal?: AbortSignal;
}

export async function uninstall(options: UninstallOptions): Promise<void> {
  const { client, namespace, withMachines, onProgress, timeoutMs, signal } = options;
  await requireAccess(client, [
    ...accessToAll([...installedKinds(portableFeatures), virtualMachines, virtualMachineInstances], ["list", "delete"]),
    ...accessToAll([nodes], ["list", "patch"]),
  ]);
  const seen = await survey(client);
  refuseUnmanageable(seen);
  const kinds = installedKinds({ policyVersion: policyVersionOf(seen.served) ?? "v1" });
  const waiting: Waiting = { onWait: (reason) => onProgress(`waiting: ${reason}`), timeoutMs, signal };
  if (!withMachines) await refuseWhileMachinesExist(client);
  else onProgress(`${await removeMachines(client, waiting)} machines are gone`);
  await remove([apiServices], "APIServices");
  await remove([mutatingWebhookConfigurations, validatingWebhookConfigurations], "webhooks");
  await remove([kubeVirts, deployments, daemonSets], "controller, API extension and node agents");
  await untilPodsAreGone(client, namespace, waiting);
  const last: readonly Resource[] = [namespaces, customResourceDefinitions];
  await remove(kinds.filter((kind) => !last.includes(kind)).toReversed(), "accounts, roles and all else");
  const cleaned = await removeNodeTraces(client);
  onProgress(`labels and annotations: removed from ${cleaned} nodes`);
  onProgress(await removeNamespace(client, namespace, waiting));
  await remove([customResourceDefinitions], "kinds");

  async function remove(resources: readonly Resource[], title: string): Promise<void> {
    let count = 0;
    for (const resource of resources) count += await removeAll(client, resource, waiting);
    onProgress(`${title}: ${count} removed`);
  }
}

/** All of a kind that belong to an installation; returns when they are gone. */
async function removeAll(client: Client, resource: Resource, waiting: Waiting): Promise<number> {
  const found = await listMetadata(client, resource, { labelSelector: ownSelector }).catch((error: unknown) => {
    // The kind is gone already.
    if (isStatus(error, "NotFound")) return [];
    throw error;
  });
  for (const object of found) await deleteIfThere(client, resource, object);
  if (found.length === 0) return 0;
  await untilNothingLacks(client, resource, { labelSelector: ownSelector }, waiting, ([left]) =>
    left === undefined ? undefined : `${nameOf({ ...left, kind: resource.kind })} is being deleted`,
  );
  return found.length;
}

async function untilPodsAreGone(client: Client, namespace: string, waiting: Waiting): Promise<void> {
  const labelSelector = `app.kubernetes.io/name in (${Object.values(serviceAccounts).join(",")})`;
  await untilNothingLacks(client, pods, { namespace, labelSelector }, waiting, ([first, ...rest]) =>
    first === undefined ? undefined : `pods are ending: ${first.metadata?.name} and ${rest.length} more`,
  );
}
