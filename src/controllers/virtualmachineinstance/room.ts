/**
 * Room for a guest that is to grow: its launcher pod gets the resources first, then says so, then the node agent gives them to the guest.
 *
 *   instance's spec ──▶ resize the pod ──▶ the kubelet has done it ──▶ annotations on the pod ──▶ node agent plugs
 *                  └──▶ (a cluster whose pods stay as they are) migrate to a launcher that is made with them
 *
 * So a guest never has more than the scheduler knows of, and who crashes in between finds on the pod how far it is. Pure.
 */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { isInTransit } from "../../../api/kubevirt/migration/migration.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { compareQuantities, isQuantity } from "../../base/quantity.ts";
import { computeContainer, type LauncherPod, type LauncherResources } from "./launcher/launcher.ts";
import { hasEnded, isFinal, launcherOf, type Observation } from "./observation.ts";

export type RoomAnnotations = Record<string, string>;

/** On a launcher that is made, or has been resized, for such a machine. */
export function roomFor({ domain }: VirtualMachineInstanceSpec): RoomAnnotations {
  return {
    [annotations.roomForSockets]: String(domain.cpu?.sockets ?? 1),
    [annotations.roomForMemory]: domain.memory?.guest ?? "0",
  };
}

/** The launcher says that it has less room than its instance asks for. One that says nothing was made before any could grow. */
export function lacksRoom({ spec }: VirtualMachineInstance, pod: LauncherPod): boolean {
  const has = pod.metadata?.annotations ?? {};
  return Object.entries(roomFor(spec)).some(([name, wanted]) => {
    const present = has[name];
    return isQuantity(present) && compareQuantities(wanted, present ?? 0) > 0;
  });
}

export type RoomStep =
  | { type: "resizePod"; pod: LauncherPod; resources: LauncherResources }
  | { type: "tellRoom"; pod: LauncherPod; room: RoomAnnotations };

/** Undefined: there is nothing to do, or a migration does it. */
export function planRoom(observation: Observation): RoomStep | undefined {
  const { vmi, wantedResources, podsCanGrow } = observation;
  const pod = launcherOf(observation);
  if (!podsCanGrow || pod === undefined || !mayGrow(vmi, pod) || !lacksRoom(vmi, pod)) return undefined;
  const [asked, given] = [pod.spec?.containers, pod.status?.containerStatuses].map(
    (list) => list?.find(({ name }) => name === computeContainer)?.resources,
  );
  if (!covers(asked, wantedResources)) return { type: "resizePod", pod, resources: larger(asked, wantedResources) };
  return covers(given, wantedResources) ? { type: "tellRoom", pod, room: roomFor(vmi.spec) } : undefined;
}

export function mayGrow(vmi: VirtualMachineInstance, pod: LauncherPod): boolean {
  const isGoing = vmi.metadata?.deletionTimestamp ?? pod.metadata?.deletionTimestamp;
  return vmi.status?.phase === "Running" && !isGoing && !isFinal(vmi) && !hasEnded(pod) && !isInTransit(vmi);
}

const grown = ["cpu", "memory"] as const;
const kinds = ["requests", "limits"] as const;

/** As far as there is a limit at all. */
function covers(present: LauncherResources | undefined, wanted: LauncherResources): boolean {
  return kinds.every((kind) =>
    grown.every((name) => {
      const amount = wanted[kind]?.[name];
      return amount === undefined || compareQuantities(present?.[kind]?.[name] ?? 0, amount) >= 0;
    }),
  );
}

/** Nothing gets less, also when the cluster's configuration would give a new launcher less by now. */
function larger(present: LauncherResources | undefined, wanted: LauncherResources): LauncherResources {
  const pick = (kind: (typeof kinds)[number]) =>
    grown.flatMap((name) => {
      const amount = wanted[kind]?.[name];
      const before = present?.[kind]?.[name];
      if (amount === undefined) return [];
      return [[name, before !== undefined && compareQuantities(before, amount) > 0 ? before : amount] as const];
    });
  const limits = pick("limits");
  return {
    requests: Object.fromEntries(pick("requests")),
    ...(limits.length > 0 && { limits: Object.fromEntries(limits) }),
  };
}

/** What a guest that is to grow waits for; undefined when it is as large as its instance says. */
export function awaited(observation: Observation): string | undefined {
  const { vmi, podsCanGrow } = observation;
  const pod = launcherOf(observation);
  if (pod === undefined || isInTransit(vmi)) return "the guest is on its way to another launcher";
  if (!lacksRoom(vmi, pod)) return "the guest is being given what it may have";
  if (!podsCanGrow) return awaitedMove(vmi);
  const pending = pod.status?.conditions?.find(({ type, status }) => type === "PodResizePending" && status === "True");
  if (pending === undefined) return `pod ${pod.metadata?.name} is being resized`;
  return `pod ${pod.metadata?.name} cannot be resized now (${pending.reason}): ${pending.message}`;
}

function awaitedMove({ status }: VirtualMachineInstance): string {
  if (isConditionTrue(status?.conditions, vmiConditions.liveMigratable))
    return "this cluster cannot resize pods: the guest moves to a larger one";
  return "this cluster cannot resize pods, and the guest cannot move to a larger one: restart the virtual machine";
}
