/**
 * Brings an installation into a cluster, or an existing one up to date.
 *
 *   look ─> may I, and does nobody else? ─> apply, stage by stage ─> wait for the pods ─> apply what leads to them ─> wait
 *
 * Every step may be done again: whoever was interrupted, or timed out, runs it once more.
 */
import { customResourceDefinitions } from "../../api/apiextensions.ts";
import { apiServices } from "../../api/apiregistration.ts";
import { daemonSets, deployments } from "../../api/apps.ts";
import type { ConfigMap, Namespace } from "../../api/core.ts";
import { kubeVirts } from "../../api/kubevirt/resources.ts";
import type { KubeObject } from "../../api/meta.ts";
import type { Client } from "../client/client.ts";
import { type Choices, choicesName, readChoices, renderChoices, settingsFrom } from "./choices.ts";
import { type Access, accessToAll, neededAccess, requireAccess } from "./cluster/access.ts";
import { applyObject, getIfThere } from "./cluster/apply.ts";
import { untilAnswered } from "./cluster/answered.ts";
import { untilEstablished } from "./cluster/established.ts";
import { isForeignImporters, refuseForeign, type Survey } from "./cluster/foreign.ts";
import { installedKinds } from "./cluster/kinds.ts";
import type { Outcome } from "./cluster/outcome.ts";
import { featuresOf, survey } from "./cluster/survey.ts";
import { portableFeatures } from "./features.ts";
import { prune } from "./removal/prune.ts";
import { type Installation, renderInstallation, type Stage, stages } from "./render/installation.ts";
import { labelled } from "./render/metadata.ts";
import { markMade, wasMade } from "./render/namespace.ts";
import { waitForRollout } from "./rollout/wait.ts";
import type { InstallSettings } from "./settings.ts";

export interface InstallOptions {
  client: Client;
  namespace: string;
  /** Added to those that were made before. */
  choices: Choices;
  /** Remove what earlier versions made and this one does not. */
  prune?: boolean;
  onProgress: (message: string) => void;
  timeoutMs: number;
  signal?: AbortSignal;
}

export async function install(options: InstallOptions): Promise<void> {
  const { client, onProgress, signal } = options;
  await requireAccess(client, accessFor(options));
  const plan = await planInstallation(options);
  const all = stages.flatMap((stage) => plan.installation[stage]);
  for (const stage of stages) {
    onProgress(await applyStage(client, stage, plan.installation[stage], signal));
    await settled(stage, plan, options);
  }
  if (!options.prune) return;
  for (const name of await prune(client, all, plan.settings.namespace))
    onProgress(`removed ${name}, which this version does not have`);
}

/** Needs no look at the cluster: which kinds it will be is known beforehand. */
function accessFor({ choices, namespace, prune }: InstallOptions): Access[] {
  const installation = renderInstallation(settingsFrom(choices, namespace), portableFeatures);
  const all = [...stages.flatMap((stage) => installation[stage]), renderChoices(choices, namespace)];
  const everywhere = installedKinds(portableFeatures);
  return [
    ...neededAccess(all, ["get", "create", "patch"]),
    ...accessToAll([customResourceDefinitions, deployments, daemonSets, apiServices, kubeVirts], ["list"]),
    ...(prune ? accessToAll(everywhere, ["list", "delete"]) : []),
  ];
}

export interface Plan {
  settings: InstallSettings;
  installation: Installation;
}

/** Looks at the cluster and decides; touches nothing. @throws ForeignInstallation, and Error for choices that cannot be */
export async function planInstallation(
  options: Pick<InstallOptions, "client" | "namespace" | "choices">,
): Promise<Plan> {
  const { client, namespace } = options;
  const seen = await survey(client);
  refuseForeign(seen, namespace);
  const choices = { ...readChoices(await getChoices(client, namespace)), ...options.choices };
  const settings = settingsFrom(choices, namespace);
  const installation = renderInstallation(settings, await featuresOf(client, seen.served));
  return { settings, installation: await fitted(client, seen, installation, choices) };
}

/** @throws Error when `vmpod install` was never run here */
export async function requireInstalled(client: Client, namespace: string): Promise<void> {
  if ((await getChoices(client, namespace)) === undefined)
    throw new Error(
      `vmpod is not installed in namespace ${namespace}: use \`vmpod install\`, or name another --namespace`,
    );
}

function getChoices(client: Client, namespace: string): Promise<ConfigMap | undefined> {
  const object: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name: choicesName } };
  return getIfThere(client, object);
}

/** What depends on what is there: whose the namespace is, and whose the kinds of an importer. */
async function fitted(
  client: Client,
  seen: Survey,
  installation: Installation,
  choices: Choices,
): Promise<Installation> {
  const [namespace, ...rest] = installation.foundation as [Namespace, ...KubeObject[]];
  const existing: Namespace | undefined = await getIfThere(client, namespace);
  const name = namespace.metadata?.name ?? "";
  const foreign = new Set(seen.definitions.filter(isForeignImporters).map(({ metadata }) => metadata?.name));
  return {
    ...installation,
    foundation: [
      existing === undefined || wasMade(existing) ? markMade(namespace) : namespace,
      ...rest,
      labelled(renderChoices(choices, name)),
    ],
    definitions: installation.definitions.filter(({ metadata }) => !foreign.has(metadata?.name)),
  };
}

async function applyStage(
  client: Client,
  stage: Stage,
  objects: readonly KubeObject[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const counts: Record<Outcome, number> = { created: 0, changed: 0, unchanged: 0 };
  for (const object of objects) counts[await applyObject(client, object, signal)] += 1;
  const said = Object.entries(counts).flatMap(([outcome, count]) => (count > 0 ? [`${count} ${outcome}`] : []));
  return `${titles[stage]}: ${said.join(", ")}`;
}

const titles: Record<Stage, string> = {
  foundation: "namespace",
  definitions: "kinds of kubevirt.io",
  rights: "accounts and roles",
  admission: "webhooks",
  workloads: "controller, API extension and node agents",
  api: "subresources.kubevirt.io and configuration",
};

/** What a stage's successors count on. */
async function settled(stage: Stage, { settings, installation }: Plan, options: InstallOptions): Promise<void> {
  const { client, timeoutMs, signal } = options;
  const onWait = (reason: string): void => options.onProgress(`waiting: ${reason}`);
  const waiting = { onWait, timeoutMs, signal };
  if (stage === "definitions") await untilEstablished(client, installation.definitions, waiting);
  if (stage === "workloads") {
    const workloads = installation.workloads.filter(({ kind }) => kind === "Deployment" || kind === "DaemonSet");
    await waitForRollout(client, { namespace: settings.namespace, workloads, ...waiting });
  }
  if (stage === "api") await untilAnswered(client, installation, waiting);
}
