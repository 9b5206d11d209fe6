import type { Event, Node, PersistentVolumeClaim, Pod } from "../../../api/core.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";

/** Everything about one machine that tells why it does not run; a snapshot. */
export interface Situation {
  namespace: string;
  name: string;
  vm: VirtualMachine | undefined;
  vmi: VirtualMachineInstance | undefined;
  /** The newest launcher pod. */
  pod: Pod | undefined;
  /** Those of its volumes that exist. */
  claims: readonly PersistentVolumeClaim[];
  /** What the node's agent does not answer with, when it was just asked in vain; it may be silent for a while before the API knows. */
  agentSilence: string | undefined;
  /** Of the VM, the VMI, the pod and the claims; the newest last. */
  events: readonly Event[];
  nodes: readonly Node[];
  /** Every pod of the cluster that has a node, to tell what is free on it. */
  nodePods: readonly Pod[];
  now: Date;
}

/** Completes the sentence "NAME ...": what is the case and why; then what to do about it. */
export interface Explanation {
  why: string;
  /** Absent when nothing needs to be done. */
  todo?: string;
}

/** One cause that it recognises; undefined: it is not this. The first that answers wins. */
export type Rule = (situation: Situation) => Explanation | undefined;

/** One paragraph for a terminal. */
export function sentence(name: string, { why, todo }: Explanation): string {
  const ended = /[.!?]$/.test(why) ? why.slice(0, -1) : why;
  return todo ? `${name} ${ended}: ${todo}.` : `${name} ${ended}.`;
}
