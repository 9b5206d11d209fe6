/** What the controller looks at to decide about one VirtualMachineInstance. Plain data, never changed. */
import type { Pod } from "../../../api/core.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Silence } from "../../runtime/node-heartbeat.ts";
import type { Accelerator } from "./domain.ts";

export interface Claim {
  name: string;
  exists: boolean;
  /** volumeMode Block. */
  block: boolean;
}

export interface Observation {
  vmi: VirtualMachineInstance;
  /** All pods that carry the VMI's uid, also those that have ended. */
  pods: readonly Pod[];
  /** The PersistentVolumeClaims that the volumes name. */
  claims: readonly Claim[];
  /** False when the node that the pod was bound to is no longer part of the cluster. */
  nodeExists: boolean;
  /** The VM agent of the machine's node gives no sign of life. */
  agentSilence: Silence | undefined;
  accelerator: Accelerator;
  /** Why the last attempt to create the pod was refused. */
  createFailure: string | undefined;
  /** RFC 3339. */
  now: string;
}

/** The pod that counts: a live one before an ended one, then the oldest. */
export function launcherOf({ pods }: Pick<Observation, "pods">): Pod | undefined {
  const byAge = [...pods].sort((a, b) => age(a) - age(b));
  return byAge.find((pod) => !hasEnded(pod)) ?? byAge[0];
}

function age(pod: Pod): number {
  return Date.parse(pod.metadata?.creationTimestamp ?? "") || 0;
}

export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isFinal(vmi: VirtualMachineInstance): boolean {
  return vmi.status?.phase === "Succeeded" || vmi.status?.phase === "Failed";
}

/** Before the pod ran: the controller owns the phase. Afterwards the node agent does. */
export function isBeforeHandover(vmi: VirtualMachineInstance): boolean {
  return ["", "Pending", "Scheduling"].includes(vmi.status?.phase ?? "");
}
