/**
 * All objects of an installation, in the order in which they are made. Pure: `vmpod install`, deploy/vmpod.yaml and the Helm chart
 * are this, written down in three ways.
 *
 *   foundation   the namespace
 *   definitions  the kinds
 *   rights       who may do what
 *   admission    before anything runs: kinds that nobody checks yet can be changed by nobody
 *   workloads    then it is waited until they are there
 *   api          last: an APIService that nobody answers makes every client of the cluster slow
 */
import { customResourceDefinitions } from "../../../api/kubevirt/crds.ts";
import type { KubeVirt } from "../../../api/kubevirt/resources.ts";
import type { KubeObject } from "../../../api/meta.ts";
import type { ClusterFeatures } from "../features.ts";
import type { InstallSettings } from "../settings.ts";
import { renderAgent } from "./agent.ts";
import { renderApiServices } from "./api-services.ts";
import {
  renderBudgets,
  renderController,
  renderExtension,
  renderExtensionService,
  renderMetricsService,
} from "./component.ts";
import { labelled } from "./metadata.ts";
import { renderNamespace, renderPriorityQuota } from "./namespace.ts";
import { renderComponentRoles, renderLocalRoles, renderServiceAccounts, renderUserRoles } from "./rights.ts";
import { renderMutatingWebhooks, renderValidatingWebhooks } from "./webhooks.ts";

export const stages = ["foundation", "definitions", "rights", "admission", "workloads", "api"] as const;
export type Stage = (typeof stages)[number];
export type Installation = Readonly<Record<Stage, readonly KubeObject[]>>;

export function renderInstallation(settings: InstallSettings, features: ClusterFeatures): Installation {
  const installation: Installation = {
    foundation: [renderNamespace(settings), renderPriorityQuota(settings)],
    definitions: customResourceDefinitions(),
    rights: [
      ...renderServiceAccounts(settings),
      ...renderUserRoles(),
      ...renderComponentRoles(settings),
      ...renderLocalRoles(settings),
    ],
    admission: [
      renderExtensionService(settings),
      renderMutatingWebhooks(settings),
      renderValidatingWebhooks(settings, features),
    ],
    workloads: [
      ...renderBudgets(settings, features),
      renderMetricsService(settings),
      renderController(settings),
      renderExtension(settings),
      renderAgent(settings),
    ],
    api: [...renderApiServices(settings), renderKubeVirt(settings)],
  };
  return Object.fromEntries(
    stages.map((stage) => [stage, installation[stage].map(labelled)]),
  ) as unknown as Installation;
}

/** For the administrator to write his configuration into; upstream's tools look for one. */
function renderKubeVirt({ namespace }: InstallSettings): KubeVirt {
  return { apiVersion: "kubevirt.io/v1", kind: "KubeVirt", metadata: { name: "kubevirt", namespace }, spec: {} };
}
