/** What the controller looks at to decide about the claims that are plugged into one running machine. Plain data, never changed. */
import type { PersistentVolumeClaim, Pod } from "../../../api/core.ts";
import { isReleased, type PluggedVolume, pluggedVolumes, serves } from "../../../api/kubevirt/hotplug-volume.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";

export interface Observation {
  vmi: VirtualMachineInstance;
  /** The one that runs the guest, if one does. */
  launcher: LauncherPod | undefined;
  /** The pods that serve claims to it, whatever became of them. */
  attachments: readonly Pod[];
  /** Those that its volumes name, by name. */
  claims: ReadonlyMap<string, PersistentVolumeClaim>;
  /** Why the last attempt to make a pod was refused, by the name of its volume. */
  createFailures: ReadonlyMap<string, string>;
}

/** Its guest runs, on a node that is known. */
function runs({ status }: VirtualMachineInstance): boolean {
  return status?.phase === "Running" && status.nodeName !== undefined;
}

/** What is to be plugged in. A machine that is to end keeps what it has until it has ended. */
export function wantedVolumes({ vmi, launcher }: Pick<Observation, "vmi" | "launcher">): PluggedVolume[] {
  return runs(vmi) && launcher ? pluggedVolumes(vmi.spec, launcher) : [];
}

export function attachmentOf(
  { vmi, attachments }: Pick<Observation, "vmi" | "attachments">,
  volume: PluggedVolume,
): Pod | undefined {
  return attachments.find((pod) => serves(pod, volume) && !isBeingDeleted(pod) && !isReleased(vmi, pod));
}
