import { findCondition, isConditionTrue, vmConditions, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { flags } from "./flags.ts";
import { agentProblemOn, startAgent } from "./nodes.ts";
import type { Explanation, Rule, Situation } from "./situation.ts";

/** The machine is up: what it may still lack. */
export const runningRules: readonly Rule[] = [
  paused,
  stopping,
  unattended,
  failingToSync,
  changedSinceStart,
  waitingForGuest,
  fine,
];

const unpausable: Record<string, string> = {
  PausedIOError: "its disk reported an error, most likely no space left: free some, then `vmpod unpause`",
};

function paused(situation: Situation): Explanation | undefined {
  const condition = findCondition(situation.vmi?.status?.conditions, vmiConditions.paused);
  if (condition?.status !== "True") return undefined;
  const reason = condition.reason ?? "";
  const unpause = `let it go on with \`vmpod unpause vm ${situation.name}${flags(situation)}\``;
  return { why: `is paused (${reason})`, todo: unpausable[reason] ?? unpause };
}

function stopping({ vmi, pod }: Situation): Explanation | undefined {
  if (!vmi?.metadata?.deletionTimestamp && !pod?.metadata?.deletionTimestamp) return undefined;
  const seconds = vmi?.spec.terminationGracePeriodSeconds ?? 30;
  return { why: "is shutting down", todo: `the guest gets ${seconds} s before it is powered off` };
}

function unattended(situation: Situation): Explanation | undefined {
  if (!isRunning(situation)) return undefined;
  const node = situation.vmi?.status?.nodeName ?? "";
  const problem = agentProblemOn(situation, node);
  if (problem === undefined) return undefined;
  return {
    why: `was running when last heard of, but ${problem}`,
    todo: `the guest goes on by itself; ${startAgent}`,
  };
}

function failingToSync(situation: Situation): Explanation | undefined {
  const condition = findCondition(situation.vmi?.status?.conditions, vmiConditions.synchronized);
  if (!isRunning(situation) || condition?.status !== "False") return undefined;
  return {
    why: `is running, but a change could not be applied (${condition.message ?? condition.reason})`,
    todo: "correct the spec; it is tried again by itself",
  };
}

function changedSinceStart(situation: Situation): Explanation | undefined {
  if (!isRunning(situation) || !isConditionTrue(situation.vm?.status?.conditions, vmConditions.restartRequired))
    return undefined;
  return {
    why: `is running${placeOf(situation)}, as it was before its template changed`,
    todo: `apply the change with \`vmpod restart ${situation.name}${flags(situation)}\``,
  };
}

function waitingForGuest(situation: Situation): Explanation | undefined {
  const { vmi } = situation;
  if (!isRunning(situation) || isConditionTrue(vmi?.status?.conditions, vmiConditions.agentConnected)) return undefined;
  const ready = isConditionTrue(vmi?.status?.conditions, vmiConditions.ready);
  return {
    why: `is running${placeOf(situation)}; its guest agent has not connected${ready ? "" : " and it is not ready yet"}`,
    todo: `wait for the boot (\`vmpod logs ${situation.name}${flags(situation)} -f\`); a guest without qemu-guest-agent works, only without what it would tell`,
  };
}

function fine(situation: Situation): Explanation | undefined {
  if (!isRunning(situation)) return undefined;
  const emulated = isConditionTrue(situation.vmi?.status?.conditions, vmiConditions.softwareEmulation);
  return {
    why: `is running${placeOf(situation)}${emulated ? ", emulated (slower: this node has no usable KVM)" : ""}; nothing is wrong`,
  };
}

function isRunning({ vmi }: Situation): boolean {
  return vmi?.status?.phase === "Running";
}

function placeOf({ vmi }: Situation): string {
  const address = vmi?.status?.interfaces?.[0]?.ipAddress;
  return ` on ${vmi?.status?.nodeName ?? "its node"}${address ? ` at ${address}` : ""}`;
}
