/**
 * Finds what would fight with vmpod over the same machines: upstream's KubeVirt, a vmpod elsewhere in the cluster. Pure.
 */
import type { APIService } from "../../../api/apiregistration.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { extensionService } from "../../base/cluster-names.ts";
import { isHelms, isOwn } from "../render/metadata.ts";
import type { ServedGroups } from "../features.ts";
import { nameOf } from "./kinds.ts";

export interface Survey {
  served: ServedGroups;
  /** Metadata of those of our own kinds' names. */
  definitions: readonly KubeObject[];
  kubeVirts: readonly KubeObject[];
  /** Of the names that upstream's, or our, components have; in all namespaces. */
  deployments: readonly KubeObject[];
  /** Those of `subresources.kubevirt.io`. */
  apiServices: readonly APIService[];
  webhooks: readonly KubeObject[];
}

/** What upstream's parts are called. */
export const upstreamDeployments = ["virt-operator", "virt-api", "virt-controller"];
export const upstreamWebhooks = ["virt-api-mutator", "virt-api-validator", "virt-operator-validator"];
const subresources = "subresources.kubevirt.io";

export class ForeignInstallation extends Error {
  override readonly name = "ForeignInstallation";
}

/** @throws ForeignInstallation saying what was found and what to do */
export function refuseForeign(survey: Survey, namespace: string): void {
  refuseUnmanageable(survey);
  const elsewhere = survey.deployments.find((each) => isOwn(each) && each.metadata?.namespace !== namespace);
  if (elsewhere) {
    const where = elsewhere.metadata?.namespace;
    throw new ForeignInstallation(`vmpod is installed here already, in namespace ${where}: pass --namespace ${where}`);
  }
  const found = findForeign(survey, namespace);
  if (found.length === 0) return;
  throw new ForeignInstallation(
    [
      "another KubeVirt is installed in this cluster, or parts of one were left; two would fight over the same machines. Found:",
      ...found.map((each) => `  ${each}`),
      "Remove it first: end its machines, delete its KubeVirt resource and wait until it is gone, then its operator and kinds.",
      "vmpod takes the same manifests, so machines can be applied again afterwards.",
    ].join("\n"),
  );
}

/** A vmpod that did not come from here must not be changed from here. @throws ForeignInstallation */
export function refuseUnmanageable(survey: Survey): void {
  if (isEmbedded(survey)) {
    throw new ForeignInstallation(
      "this is the API server of `vmpod up`, which runs virtual machines by itself: there is nothing to install or to remove; name another cluster with --kubeconfig or --context",
    );
  }
  const helms = survey.deployments.find(isHelms);
  if (helms) {
    throw new ForeignInstallation(
      `${nameOf(helms)} was installed by Helm: use \`helm upgrade\` and \`helm uninstall\` for it`,
    );
  }
}

export function findForeign(survey: Survey, namespace: string): string[] {
  const { definitions, kubeVirts, deployments, apiServices, webhooks } = survey;
  const named = [...deployments, ...webhooks, ...definitions.filter(isKubeVirts)].filter((each) => !isOwn(each));
  const resources = kubeVirts.filter(
    (each) => !isOwn(each) && definitions.some((crd) => isKubeVirts(crd) && !isOwn(crd)),
  );
  const answered = apiServices.filter(({ spec }) => !isOurs(spec, namespace));
  return [
    ...[...named, ...resources].map(nameOf),
    ...answered.map(({ metadata, spec }) => {
      const { namespace: where, name } = spec?.service ?? {};
      return `APIService ${metadata?.name}, which points to ${name ? `Service ${where}/${name}` : "the API server itself"}`;
    }),
  ];
}

/** Kinds of an importer (CDI) are nobody's enemy: if there is one, its kinds are left to it. */
export function isForeignImporters(definition: KubeObject): boolean {
  return !isKubeVirts(definition) && !isOwn(definition);
}

function isKubeVirts({ metadata }: KubeObject): boolean {
  return metadata?.name?.endsWith(".cdi.kubevirt.io") === false;
}

/** The group is served, and by nobody that was registered. */
function isEmbedded({ served, apiServices }: Survey): boolean {
  return served.groups.some(({ name }) => name === subresources) && apiServices.length === 0;
}

function isOurs(spec: APIService["spec"], namespace: string): boolean {
  return spec?.service?.name === extensionService && spec.service.namespace === namespace;
}
