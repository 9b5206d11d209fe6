import { findCondition, vmConditions } from "../../../api/kubevirt/conditions.ts";
import { runStrategyOf } from "../../../api/kubevirt/run-strategy.ts";
import { finalizers } from "../../../api/kubevirt/names.ts";
import type { ObjectMeta } from "../../../api/meta.ts";
import { flags } from "./flags.ts";
import { agentProblemOn, startAgent } from "./nodes.ts";
import type { Explanation, Rule, Situation } from "./situation.ts";

/** Causes that lie with the VirtualMachine: there is no instance of it, or it is going. */
export const vmRules: readonly Rule[] = [missing, goingAway, notCreated, backingOff, notMeantToRun, notYetCreated];

const ownFinalizers: readonly string[] = [...Object.values(finalizers), "foregroundDeletion", "orphan"];

function missing({ vm, vmi, namespace }: Situation): Explanation | undefined {
  if (vm || vmi) return undefined;
  return {
    why: `does not exist in namespace ${namespace}, neither as VirtualMachine nor as VirtualMachineInstance`,
    todo: "`kubectl get vm -A` lists those that do",
  };
}

function goingAway(situation: Situation): Explanation | undefined {
  const { vm, vmi } = situation;
  const going = vm?.metadata?.deletionTimestamp
    ? vm
    : vm
      ? undefined
      : vmi?.metadata?.deletionTimestamp
        ? vmi
        : undefined;
  if (!going) return undefined;
  const waiting = going.metadata?.finalizers?.join(", ");
  return {
    why: `is being deleted${waiting ? ` and waits for ${waiting}` : ""}`,
    todo: hanging(situation, going.metadata) ?? "its guest gets its grace period to shut down",
  };
}

const toleratedMs = 60_000;

/** What to do about a deletion that takes much longer than the guest was given; undefined while it does not. */
function hanging(situation: Situation, metadata: ObjectMeta | undefined): string | undefined {
  const { now, vm, vmi, pod } = situation;
  const graceSeconds = (vmi?.spec ?? vm?.spec.template.spec)?.terminationGracePeriodSeconds ?? 30;
  const sinceMs = now.getTime() - Date.parse(String(metadata?.deletionTimestamp));
  if (!(sinceMs > graceSeconds * 1000 + toleratedMs)) return undefined;
  const since = `it hangs for ${Math.round(sinceMs / 1000)} s`;
  const node = pod?.spec?.nodeName;
  const problem = node && agentProblemOn(situation, node);
  if (problem) return `${since} because its pod ${pod.metadata?.name} cannot end: ${problem}; ${startAgent}`;
  if (pod)
    return `${since} because its pod is still there: \`kubectl describe pod ${pod.metadata?.name}${flags(situation)}\` shows why`;
  const foreign = (metadata?.finalizers ?? []).filter((name) => !ownFinalizers.includes(name));
  if (foreign.length === 0) return `${since}: see whether the controller runs with \`vmpod status\``;
  return `${since} until whoever put ${foreign.join(", ")} there removes it; if nobody does, \`kubectl edit\` can`;
}

/** The controller could not make the instance, e.g. by a quota or an admission webhook. */
function notCreated({ vm, vmi }: Situation): Explanation | undefined {
  const failure = findCondition(vm?.status?.conditions, vmConditions.failure);
  if (vmi || failure?.status !== "True") return undefined;
  return {
    why: `has no instance because creating it failed (${failure.message ?? failure.reason})`,
    todo: "correct what the message names; it is tried again by itself",
  };
}

function backingOff(situation: Situation): Explanation | undefined {
  const { vm, vmi, now } = situation;
  const failure = vm?.status?.startFailure;
  if (vmi || !vm || !failure || isHalted(situation)) return undefined;
  const seconds = Math.max(0, Math.round((Date.parse(String(failure.retryAfterTimestamp)) - now.getTime()) / 1000));
  const times = failure.consecutiveFailCount === 1 ? "once" : `${failure.consecutiveFailCount} times in a row`;
  return {
    why: `failed to start ${times}; the next try is in ${seconds} s`,
    todo: `see why with \`kubectl get events${flags(situation)} --field-selector involvedObject.name=${vm.metadata?.name}\`, or stop trying with \`vmpod stop ${vm.metadata?.name}${flags(situation)}\``,
  };
}

function notMeantToRun(situation: Situation): Explanation | undefined {
  const { vm, vmi } = situation;
  if (!vm || vmi) return undefined;
  const start = `start it with \`vmpod start ${vm.metadata?.name}${flags(situation)}\``;
  switch (runStrategyOf(vm)) {
    case "Halted":
      return { why: "is halted (runStrategy Halted)", todo: start };
    case "Manual":
      return { why: "was not started, or was stopped (runStrategy Manual)", todo: start };
    case "RerunOnFailure":
    case "Once":
      return vm.status?.printableStatus === "Stopped"
        ? { why: `has run and ended by itself (runStrategy ${runStrategyOf(vm)})`, todo: start }
        : undefined;
    default:
      return undefined;
  }
}

function notYetCreated({ vm, vmi }: Situation): Explanation | undefined {
  if (!vm || vmi) return undefined;
  return {
    why: "has no instance yet although it is to run",
    todo: "the controller makes it within a second; if it does not, see whether it runs with `vmpod status`",
  };
}

function isHalted({ vm }: Situation): boolean {
  return vm !== undefined && runStrategyOf(vm) === "Halted";
}
