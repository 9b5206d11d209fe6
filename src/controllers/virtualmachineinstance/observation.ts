/** What the controller looks at to decide about one VirtualMachineInstance. Plain data, never changed. */
import type { LauncherPod, LauncherResources } from "./launcher/launcher.ts";
import { activeLauncher } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Silence } from "../../runtime/node-heartbeat.ts";
import type { Accelerator } from "./launcher/domain.ts";

export interface Claim {
  name: string;
  exists: boolean;
  /** volumeMode Block. */
  block: boolean;
  /** Pods of several nodes may use it at once. */
  shared: boolean;
  /** vmpod makes it: what the machine keeps beside its disks is there. */
  isState?: boolean;
}

export interface Observation {
  vmi: VirtualMachineInstance;
  /** All pods that carry the VMI's uid, also those that have ended. */
  pods: readonly LauncherPod[];
  /** The PersistentVolumeClaims that the volumes name. */
  claims: readonly Claim[];
  /** False when the node that the launcher was bound to is no longer part of the cluster. */
  nodeExists: boolean;
  /** Virtual machines can run on some other node than the pod's. */
  hasOtherNodes: boolean;
  /** The VM agent of the machine's node gives no sign of life. */
  nodeSilence: Silence | undefined;
  accelerator: Accelerator;
  /** What a launcher made for the instance now would ask for. */
  wantedResources: LauncherResources;
  /** Whether the resources of a running pod can be changed. */
  podsCanGrow: boolean;
  /** Why the last attempt to create the pod was refused. */
  createFailure: string | undefined;
  /** RFC 3339. */
  now: string;
  /** The same to the millisecond. */
  instant: string;
}

/** The pod that runs the guest, or is to: while the guest is migrated there is another one, which does not count yet. */
export function launcherOf({ vmi, pods }: Pick<Observation, "vmi" | "pods">): LauncherPod | undefined {
  return activeLauncher(vmi, pods, hasEnded);
}

export function hasEnded(pod: LauncherPod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isFinal(vmi: VirtualMachineInstance): boolean {
  return vmi.status?.phase === "Succeeded" || vmi.status?.phase === "Failed";
}

/** Before the pod ran: the controller owns the phase. Afterwards the node agent does. */
export function isBeforeHandover(vmi: VirtualMachineInstance): boolean {
  return ["", "Pending", "Scheduling"].includes(vmi.status?.phase ?? "");
}
