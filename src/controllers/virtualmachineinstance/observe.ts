/** Reads an observation from the informers' copies. */
import { type Node, nodes, type PersistentVolumeClaim, persistentVolumeClaims, pods } from "../../../api/core.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { annotations, deviceResources, labels } from "../../../api/kubevirt/names.ts";
import { claimNameOf } from "../../../api/kubevirt/volume-claim.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { stateClaimName } from "../../../api/kubevirt/persistent-state.ts";
import { isForeign } from "../../../api/kubevirt/architecture.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { nodeSilence, type Silence } from "../../runtime/node-heartbeat.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import type { FindAutoLimits } from "./launcher/auto-limits.ts";
import type { Accelerator } from "./launcher/domain.ts";
import { type LauncherPod, launcherPodOf } from "./launcher/launcher.ts";
import { launcherResources } from "./launcher/resources.ts";
import { type Claim, launcherOf, type Observation } from "./observation.ts";
import { lacksRoom } from "./room.ts";

export interface Informers {
  vmis: Informer<VirtualMachineInstance>;
  pods: Informer<LauncherPod>;
  claims: Informer<PersistentVolumeClaim>;
  nodes: Informer<Node>;
}

const byVmiUid = "vmi-uid";

export const podIndexes = {
  [byVmiUid]: (pod: LauncherPod): string[] => [pod.metadata?.labels?.[labels.createdBy] ?? ""],
};

export const byNodeName = "node-name";

export function createInformers(client: Client): Informers {
  return {
    vmis: createInformer(client, virtualMachineInstances, {
      indexes: { [byNodeName]: (vmi) => [vmi.status?.nodeName ?? ""] },
    }),
    pods: createInformer<LauncherPod>(client, pods, {
      labelSelector: `${labels.app}=virt-launcher`,
      keep: launcherPodOf,
      indexes: podIndexes,
    }),
    claims: createInformer(client, persistentVolumeClaims),
    nodes: createInformer(client, nodes),
  };
}

export interface ObserveContext {
  client: Client;
  informers: Informers;
  configuration: () => VirtConfiguration;
  podsCanGrow: boolean;
  autoLimits: FindAutoLimits;
  createFailures: ReadonlyMap<string, string>;
}

export async function observe(
  context: ObserveContext,
  key: string,
  signal: AbortSignal,
): Promise<Observation | undefined> {
  const { informers, configuration, createFailures, podsCanGrow } = context;
  const { namespace, name } = parseObjectKey(key);
  const vmi = informers.vmis.get(namespace, name);
  if (vmi === undefined) return undefined;
  const launchers = podsOf(vmi, informers.pods);
  const accelerator = chooseAccelerator(vmi, informers.nodes.list(), configuration());
  const launcher = launcherOf({ vmi, pods: launchers });
  const nodeName = launcher?.spec?.nodeName;
  const isToGrow = launcher !== undefined && lacksRoom(vmi, launcher);
  const autoLimits = isToGrow ? await context.autoLimits(namespace ?? "", signal) : undefined;
  const now = new Date();
  return {
    vmi,
    pods: launchers,
    claims: claimsOf(vmi, informers.claims),
    nodeExists: nodeName === undefined || (await nodeExists(context, nodeName, signal)),
    hasOtherNodes: hasOtherNodes(informers.nodes, nodeName),
    nodeSilence: silenceOf(vmi, informers.nodes),
    accelerator,
    wantedResources: launcherResources(vmi.spec, runningAccelerator(vmi) ?? accelerator, configuration(), autoLimits),
    podsCanGrow,
    createFailure: createFailures.get(key),
    now: timestamp(now),
    instant: now.toISOString(),
  };
}

/** All launchers of the instance, whatever became of them. */
export function podsOf({ metadata }: VirtualMachineInstance, pods: Informer<LauncherPod>): LauncherPod[] {
  return pods.byIndex(byVmiUid, metadata?.uid ?? "").filter((pod) => pod.metadata?.namespace === metadata?.namespace);
}

/** Whether virtual machines can run somewhere else: their agent has announced itself there. */
export function hasOtherNodes(nodes: Informer<Node>, nodeName: string | undefined): boolean {
  return nodes
    .list()
    .some(({ metadata }) => metadata?.name !== nodeName && metadata?.labels?.[labels.schedulable] === "true");
}

/** A node that the copy lacks may only be new: the server decides before a guest is given up. */
async function nodeExists({ client, informers }: ObserveContext, name: string, signal: AbortSignal): Promise<boolean> {
  if (informers.nodes.get(undefined, name) !== undefined) return true;
  try {
    await client.get(nodes, { name }, { signal });
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}

function silenceOf({ status }: VirtualMachineInstance, nodes: Informer<Node>): Silence | undefined {
  return status?.nodeName ? nodeSilence(nodes.get(undefined, status.nodeName), Date.now()) : undefined;
}

export function claimsOf(vmi: VirtualMachineInstance, claims: Informer<PersistentVolumeClaim>): Claim[] {
  const names = (vmi.spec.volumes ?? []).flatMap((volume) => claimNameOf(volume) ?? []);
  const state = stateClaimName(vmi);
  return [...new Set([...names, ...(state === undefined ? [] : [state])])].map((name) => {
    const claim = claims.get(vmi.metadata?.namespace, name);
    return {
      name,
      exists: claim !== undefined,
      block: claim?.spec?.volumeMode === "Block",
      shared: isShared(claim),
      ...(name === state && { isState: true }),
    };
  });
}

function isShared(claim: PersistentVolumeClaim | undefined): boolean {
  return claim?.spec?.accessModes?.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany") === true;
}

/** By which the guest runs; undefined while it does not. */
function runningAccelerator({ status }: VirtualMachineInstance): Accelerator | undefined {
  if (status?.phase !== "Running") return undefined;
  return isConditionTrue(status.conditions, vmiConditions.softwareEmulation) ? "tcg" : "kvm";
}

/** KVM when a node that takes pods offers it, unless the administrator or the user wants emulation. It has the node's processor: amd64's. */
export function chooseAccelerator(
  vmi: VirtualMachineInstance,
  candidates: readonly Node[],
  configuration: Pick<VirtConfiguration, "useEmulation">,
): Accelerator {
  if (isForeign(vmi.spec)) return "tcg";
  const unwanted = configuration.useEmulation || vmi.metadata?.annotations?.[annotations.useEmulation] === "true";
  return !unwanted && candidates.some(offersKvm) ? "kvm" : "tcg";
}

function offersKvm(node: Node): boolean {
  const amount = node.status?.allocatable?.[deviceResources.kvm];
  return node.spec?.unschedulable !== true && amount !== undefined && quantityToNumber(amount) > 0;
}
