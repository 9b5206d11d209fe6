/** The kinds that an installation is made of, in the order in which they are made. Pure. */
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "../../../api/admissionregistration.ts";
import { customResourceDefinitions } from "../../../api/apiextensions.ts";
import { apiServices } from "../../../api/apiregistration.ts";
import { daemonSets, deployments } from "../../../api/apps.ts";
import { configMaps, namespaces, resourceQuotas, serviceAccounts, services } from "../../../api/core.ts";
import { kubeVirts } from "../../../api/kubevirt/resources.ts";
import { apiVersionOf, type KubeObject, type Resource } from "../../../api/meta.ts";
import { podDisruptionBudgets } from "../../../api/policy.ts";
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from "../../../api/rbac.ts";
import { InvariantError } from "../../base/errors.ts";
import type { ClusterFeatures } from "../features.ts";

export function installedKinds({ policyVersion }: Pick<ClusterFeatures, "policyVersion">): Resource[] {
  return [
    namespaces,
    configMaps,
    resourceQuotas,
    customResourceDefinitions,
    serviceAccounts,
    clusterRoles,
    clusterRoleBindings,
    roles,
    roleBindings,
    services,
    mutatingWebhookConfigurations,
    validatingWebhookConfigurations,
    { ...podDisruptionBudgets, version: policyVersion },
    deployments,
    daemonSets,
    apiServices,
    kubeVirts,
  ];
}

export function resourceOf({ apiVersion, kind }: KubeObject): Resource {
  const all = [...installedKinds({ policyVersion: "v1" }), { ...podDisruptionBudgets, version: "v1beta1" }];
  const found = all.find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
  if (!found) throw new InvariantError(`${apiVersion} ${kind} is no kind that an installation is made of`);
  return found;
}

/** `Deployment vmpod/vmpod-controller`. */
export function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata?.namespace ? `${metadata.namespace}/` : ""}${metadata?.name}`;
}
