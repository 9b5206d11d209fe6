/** What the controller looks at to decide about one VirtualMachine. Plain data, never changed. */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import type { StateChangeRequest } from "../../../api/kubevirt/state-change.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import type { MadeOf, Unknown } from "./made-of.ts";

export interface Observation {
  vm: VirtualMachine;
  /** The instance of the VM's name, whoever owns it. */
  instance: VirtualMachineInstance | undefined;
  /** Absent when the machine is made of its template alone. */
  madeOf?: MadeOf | Unknown | undefined;
  hasUnboundClaim: boolean;
  configuration: VirtConfiguration;
  /** Why the last attempt to create the instance was refused. */
  createFailure: string | undefined;
  /** Milliseconds since the epoch. */
  nowMs: number;
}

/** The VM's own instance; one of the same name that belongs to somebody else is none. */
export function vmiOf({ vm, instance }: Observation): VirtualMachineInstance | undefined {
  return instance !== undefined && isControlledBy(instance, vm) ? instance : undefined;
}

/** What the machine is made of; undefined while it cannot be said, or when it is nothing but its template. */
export function knownMadeOf({ madeOf }: Observation): MadeOf | undefined {
  return madeOf !== undefined && "specs" in madeOf ? madeOf : undefined;
}

/** Why no instance can be made of the machine. */
export function unmakeable({ madeOf }: Observation): string | undefined {
  if (madeOf === undefined) return undefined;
  if ("missing" in madeOf) return madeOf.missing;
  const { causes } = madeOf.expansion;
  return causes.length > 0 ? causes.map(({ message }) => message).join("; ") : undefined;
}

export function isDeleting(object: { metadata?: { deletionTimestamp?: string } }): boolean {
  return object.metadata?.deletionTimestamp !== undefined;
}

export function hasEnded(vmi: VirtualMachineInstance): boolean {
  return hasFailed(vmi) || vmi.status?.phase === "Succeeded";
}

export function hasFailed(vmi: VirtualMachineInstance): boolean {
  return vmi.status?.phase === "Failed";
}

/** When the instance entered a phase. */
export function enteredMs(vmi: VirtualMachineInstance, phase: string): number | undefined {
  const transition = vmi.status?.phaseTransitionTimestamps?.find((each) => each.phase === phase);
  const time = Date.parse(transition?.phaseTransitionTimestamp ?? "");
  return Number.isNaN(time) ? undefined : time;
}

export type Requests = readonly StateChangeRequest[];
