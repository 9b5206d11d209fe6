/**
 * What to do about a VirtualMachineInstance. Pure: an ordered list of steps, of which the first that has
 * something to do, or something to wait for, decides.
 *
 * Invariant: a pod is created here only while none exists, and the finalizer goes only when none does; so no two
 * launchers of one VMI ever live at the same time, except for the two ends of a migration (../migration).
 */
import type { LauncherPod } from "./launcher/launcher.ts";
import { finalizers, labels } from "../../../api/kubevirt/names.ts";
import { launchersInUse } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Condition } from "../../../api/meta.ts";
import { changedNetworks } from "./launcher/attached-networks.ts";
import { hasEnded, isFinal, launcherOf, type Observation } from "./observation.ts";
import { decidePhase } from "./status/phase.ts";
import { defaultGracePeriodSeconds } from "./launcher/pod.ts";
import { gateCorrection } from "./readiness-gate.ts";
import { planRoom, type RoomStep } from "./room.ts";
import type { Accelerator } from "./launcher/domain.ts";

export type Action =
  | { type: "createPod"; vmi: VirtualMachineInstance; accelerator: Accelerator; blockClaims: ReadonlySet<string> }
  | { type: "createStateClaim"; vmi: VirtualMachineInstance; name: string }
  | { type: "deletePod"; vmi: VirtualMachineInstance; pod: LauncherPod; gracePeriodSeconds: number }
  | { type: "setPodCondition"; pod: LauncherPod; condition: Condition }
  | { type: "removeLoser"; vmi: VirtualMachineInstance; pod: LauncherPod }
  | { type: "labelNode"; vmi: VirtualMachineInstance; nodeName: string }
  | (RoomStep & { vmi: VirtualMachineInstance })
  | { type: "setNetworks"; pod: LauncherPod; networks: string | null }
  | { type: "removeFinalizer"; vmi: VirtualMachineInstance };

/** Undefined: not my business, ask the next. */
type Step = (observation: Observation) => Action[] | undefined;

const steps: readonly Step[] = [
  removeDeleted,
  evictFromLostNode,
  stopFinal,
  createLauncher,
  removeLosers,
  holdReadinessGate,
  labelWithNode,
  makeRoom,
  followNetworks,
];

export function plan(observation: Observation): Action[] {
  for (const step of steps) {
    const actions = step(observation);
    if (actions !== undefined) return actions;
  }
  return [];
}

function removeDeleted({ vmi, pods, nodeExists }: Observation): Action[] | undefined {
  if (vmi.metadata?.deletionTimestamp === undefined) return undefined;
  if (pods.length > 0) return pods.flatMap((pod) => deletePod(vmi, pod, nodeExists ? gracePeriodOf(vmi) : 0));
  return vmi.metadata.finalizers?.includes(finalizers.virtualMachineInstance) ? [{ type: "removeFinalizer", vmi }] : [];
}

/** Nobody is left on that node to end the pod; while the node is merely silent its guest may still write to its disks. */
function evictFromLostNode({ vmi, pods, nodeExists }: Observation): Action[] | undefined {
  if (nodeExists) return undefined;
  return pods.flatMap((pod) => deletePod(vmi, pod, 0));
}

/** Ended, but its launcher has not. An ended pod stays for `kubectl logs` until the VMI goes. */
function stopFinal({ vmi, pods }: Observation): Action[] | undefined {
  if (!isFinal(vmi)) return undefined;
  return pods.filter((pod) => !hasEnded(pod)).flatMap((pod) => deletePod(vmi, pod, gracePeriodOf(vmi)));
}

function createLauncher(observation: Observation): Action[] | undefined {
  const { vmi, pods, claims, accelerator } = observation;
  if (pods.length > 0) return undefined;
  const missing = claims.filter((claim) => !claim.exists);
  if (decidePhase(observation).phase !== "Pending" || missing.some((claim) => !claim.isState)) return [];
  if (missing.length > 0) return missing.map(({ name }) => ({ type: "createStateClaim", vmi, name }));
  const blockClaims = new Set(claims.filter((claim) => claim.block).map((claim) => claim.name));
  return [{ type: "createPod", vmi, accelerator, blockClaims }];
}

/** Pods that a migration has left behind: the source after the guest has moved, the target after it has not. */
function removeLosers({ vmi, pods }: Observation): Action[] | undefined {
  const inUse = launchersInUse(vmi);
  if (inUse === undefined) return undefined;
  const losers = pods.filter(({ metadata }) => !metadata?.deletionTimestamp && !inUse.includes(metadata?.name ?? ""));
  return losers.length > 0 ? losers.map((pod) => ({ type: "removeLoser", vmi, pod })) : undefined;
}

function holdReadinessGate(observation: Observation): Action[] | undefined {
  const pod = launcherOf(observation);
  if (pod === undefined || hasEnded(pod)) return undefined;
  const condition = gateCorrection(observation.vmi, pod, observation.now);
  return condition && [{ type: "setPodCondition", pod, condition }];
}

function labelWithNode(observation: Observation): Action[] | undefined {
  const { vmi } = observation;
  const nodeName = vmi.status?.nodeName ?? launcherOf(observation)?.spec?.nodeName;
  const stands = ["Scheduled", "Running"].includes(decidePhase(observation).phase);
  if (!stands || nodeName === undefined || vmi.metadata?.labels?.[labels.nodeName] === nodeName) return undefined;
  return [{ type: "labelNode", vmi, nodeName }];
}

function makeRoom(observation: Observation): Action[] | undefined {
  const step = planRoom(observation);
  return step && [{ ...step, vmi: observation.vmi }];
}

function followNetworks(observation: Observation): Action[] | undefined {
  const pod = launcherOf(observation);
  if (pod === undefined || hasEnded(pod) || pod.metadata?.deletionTimestamp !== undefined) return undefined;
  const networks = changedNetworks(observation.vmi, pod);
  return networks === undefined ? undefined : [{ type: "setNetworks", pod, networks }];
}

function gracePeriodOf(vmi: VirtualMachineInstance): number {
  return vmi.spec.terminationGracePeriodSeconds ?? defaultGracePeriodSeconds;
}

/** Asks again only to make it faster than it was asked before. */
function deletePod(vmi: VirtualMachineInstance, pod: LauncherPod, gracePeriodSeconds: number): Action[] {
  const asked =
    pod.metadata?.deletionTimestamp === undefined ? undefined : (pod.metadata.deletionGracePeriodSeconds ?? 0);
  if (asked !== undefined && asked <= gracePeriodSeconds) return [];
  return [{ type: "deletePod", vmi, pod, gracePeriodSeconds }];
}
