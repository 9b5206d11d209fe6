/** What the controller looks at to decide about one VirtualMachinePool. Plain data, never changed. */
import { isConditionTrue, vmConditions } from "../../../api/kubevirt/conditions.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { revisionOf } from "../../../api/kubevirt/pool/render-vm.ts";
import type { VirtualMachinePool } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { isBeingDeleted } from "../../runtime/owner-references.ts";
import type { Failure } from "../sets/conditions.ts";

/** A machine, the instance that it runs as, and the labels of that one's node. */
export interface Machine {
  vm: VirtualMachine;
  vmi: VirtualMachineInstance | undefined;
  nodeLabels: Readonly<Record<string, string>> | undefined;
}

export interface Observation {
  pool: VirtualMachinePool;
  /** Machines that it controls. */
  owned: readonly Machine[];
  /** Names of all machines of the namespace, whoever controls them. */
  takenNames: ReadonlySet<string>;
  failure: Failure | undefined;
  /** Milliseconds since the epoch. */
  nowMs: number;
}

/** Its own, but for one whose labels somebody changed to take it out. One that is going still has its name. */
export function membersOf({ pool, owned }: Pick<Observation, "pool" | "owned">): Machine[] {
  return owned.filter(({ vm }) => selects(pool.spec.selector, vm));
}

export function activeMembersOf(observation: Pick<Observation, "pool" | "owned">): Machine[] {
  return membersOf(observation).filter(({ vm }) => !isBeingDeleted(vm));
}

export function isReady({ vm }: Machine): boolean {
  return isConditionTrue(vm.status?.conditions, vmConditions.ready);
}

export function isUpToDate(pool: VirtualMachinePool, object: VirtualMachine | VirtualMachineInstance): boolean {
  return object.metadata?.labels?.[labels.poolRevision] === revisionOf(pool);
}
