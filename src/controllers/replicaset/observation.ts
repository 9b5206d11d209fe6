/** What the controller looks at to decide about one VirtualMachineInstanceReplicaSet. Plain data, never changed. */
import type { VirtualMachineInstanceReplicaSet } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import type { Failure } from "../sets/conditions.ts";
import { hasEnded } from "../virtualmachine/observation.ts";

export interface Observation {
  set: VirtualMachineInstanceReplicaSet;
  /** Instances that it controls. */
  owned: readonly VirtualMachineInstance[];
  /** Instances that its selector selects and that nobody controls. */
  orphans: readonly VirtualMachineInstance[];
  failure: Failure | undefined;
  /** Milliseconds since the epoch. */
  nowMs: number;
}

/** One that ended or is leaving counts no more. */
export function isActive(vmi: VirtualMachineInstance): boolean {
  return !hasEnded(vmi) && !isBeingDeleted(vmi);
}

export function membersOf({ set, owned }: Observation): VirtualMachineInstance[] {
  return owned.filter((vmi) => isActive(vmi) && selects(set.spec.selector, vmi));
}
