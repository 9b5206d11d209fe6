import { findCondition, isConditionTrue, vmConditions, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { dumpPhases } from "../../../api/kubevirt/memory-dump.ts";
import { flags } from "./flags.ts";
import { agentProblemOn, startAgent } from "./nodes.ts";
import type { Explanation, Rule, Situation } from "./situation.ts";
import { pluggingVolume } from "./volume-rules.ts";

/** The machine is up: what it may still lack. */
export const runningRules: readonly Rule[] = [
  paused,
  stopping,
  unattended,
  filesystemLost,
  failingToSync,
  credentialsRefused,
  migrating,
  migrationFailed,
  notReady,
  pluggingVolume,
  changedSinceStart,
  growing,
  dumping,
  dumpFailed,
  waitingForGuest,
  fine,
];

const unpausable: Record<string, string> = {
  PausedIOError: "its disk reported an error, most likely no space left: free some, then `vmpod unpause`",
  PausedByWatchdog: "its watchdog was not served: `vmpod logs` may tell why, `vmpod restart` starts it anew",
  PausedByGuestPanic: "its kernel panicked: `vmpod logs` shows the panic, `vmpod restart` starts it anew",
};

function paused(situation: Situation): Explanation | undefined {
  const condition = findCondition(situation.vmi?.status?.conditions, vmiConditions.paused);
  if (condition?.status !== "True") return undefined;
  const reason = condition.reason ?? "";
  const byItself = situation.vmi?.spec.startStrategy === "Paused" && reason === "PausedByUser";
  const unpause = `let it go on with \`vmpod unpause vm ${situation.name}${flags(situation)}\``;
  const why = `is paused (${reason}${byItself ? ": spec.startStrategy is Paused, or its user paused it" : ""})`;
  return { why, todo: unpausable[reason] ?? unpause };
}

function stopping({ vmi, pod }: Situation): Explanation | undefined {
  if (!vmi?.metadata?.deletionTimestamp && !pod?.metadata?.deletionTimestamp) return undefined;
  const seconds = vmi?.spec.terminationGracePeriodSeconds ?? 30;
  return { why: "is shutting down", todo: `the guest gets ${seconds} s before it is powered off` };
}

function unattended(situation: Situation): Explanation | undefined {
  if (!isRunning(situation)) return undefined;
  const node = situation.vmi?.status?.nodeName ?? "";
  const silence =
    situation.agentSilence && `the vmpod agent of node ${node} does not answer (${situation.agentSilence})`;
  const problem = silence ?? agentProblemOn(situation, node);
  if (problem === undefined) return undefined;
  return {
    why: `was running when last heard of, but ${problem}`,
    todo: `the guest goes on by itself; ${startAgent}`,
  };
}

function filesystemLost(situation: Situation): Explanation | undefined {
  const condition = findCondition(situation.vmi?.status?.conditions, vmiConditions.synchronized);
  if (!isRunning(situation) || condition?.reason !== "FilesystemLost") return undefined;
  return {
    why: `is running, but has lost a file system (${condition.message ?? condition.reason})`,
    todo: `\`vmpod restart ${situation.name}${flags(situation)}\` starts it anew; what has the file system open does not end by itself`,
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

function credentialsRefused(situation: Situation): Explanation | undefined {
  const condition = findCondition(situation.vmi?.status?.conditions, vmiConditions.accessCredentialsSynchronized);
  if (!isRunning(situation) || condition?.status !== "False") return undefined;
  return {
    why: `is running${placeOf(situation)}, but its guest did not take the accessCredentials (${condition.message})`,
    todo: "correct the Secret or the users, or allow it in the guest's agent; it is tried again by itself",
  };
}

function migrating(situation: Situation): Explanation | undefined {
  const { startTimestamp, completed, targetNode } = situation.vmi?.status?.migrationState ?? {};
  if (!isRunning(situation) || !startTimestamp || completed) return undefined;
  return {
    why: `is running${placeOf(situation)} and moves to ${targetNode || "another node"}`,
    todo: `\`kubectl get vmim${flags(situation)}\` shows how far, \`vmpod migrate-cancel ${situation.name}${flags(situation)}\` leaves it where it is`,
  };
}

function migrationFailed(situation: Situation): Explanation | undefined {
  const { vmi, vm } = situation;
  const { failed, failureReason } = vmi?.status?.migrationState ?? {};
  if (!isRunning(situation) || !failed) return undefined;
  const migratable = findCondition(vmi?.status?.conditions, vmiConditions.liveMigratable);
  const again = vm
    ? `try again with \`vmpod migrate ${situation.name}${flags(situation)}\``
    : "create a migration anew";
  return {
    why: `is running${placeOf(situation)}; its last migration failed (${failureReason || "no reason was given"})`,
    todo:
      migratable?.status === "False"
        ? `it cannot be migrated as it is (${migratable.message ?? migratable.reason})`
        : again,
  };
}

/** The guest runs, and whoever made the probe says that it is not well. */
function notReady(situation: Situation): Explanation | undefined {
  const { vmi, events } = situation;
  const probed = vmi?.spec.readinessProbe !== undefined;
  const condition = findCondition(vmi?.status?.conditions, vmiConditions.ready);
  if (!isRunning(situation) || !probed || condition?.status !== "False") return undefined;
  const said = events.findLast(({ reason, message }) => reason === "Unhealthy" && message?.startsWith("Readiness"));
  return {
    why: `is running${placeOf(situation)}, but its readinessProbe does not succeed${said ? ` (${said.message})` : ""}`,
    todo: "Services send nothing to it until it does; see what it asks for in the guest",
  };
}

function changedSinceStart(situation: Situation): Explanation | undefined {
  const condition = findCondition(situation.vm?.status?.conditions, vmConditions.restartRequired);
  if (!isRunning(situation) || condition?.status !== "True") return undefined;
  return {
    why: `is running${placeOf(situation)}, as it was before its template changed${inBrackets(condition.message)}`,
    todo: `apply the change with \`vmpod restart ${situation.name}${flags(situation)}\``,
  };
}

function growing(situation: Situation): Explanation | undefined {
  const { conditions } = situation.vmi?.status ?? {};
  const types = [vmiConditions.hotVCPUChange, vmiConditions.hotMemoryChange];
  const condition = types.map((type) => findCondition(conditions, type)).find((each) => each?.status === "True");
  if (!isRunning(situation) || condition === undefined) return undefined;
  const what = condition.type === vmiConditions.hotVCPUChange ? "processors" : "memory";
  return {
    why: `is running${placeOf(situation)}, and is to get more ${what}${inBrackets(condition.message)}`,
    todo: "wait",
  };
}

function dumping(situation: Situation): Explanation | undefined {
  const { phase, claimName, message } = situation.vm?.status?.memoryDumpRequest ?? {};
  const isUnderWay = phase === dumpPhases.associating || phase === dumpPhases.inProgress;
  if (!isRunning(situation) || !isUnderWay) return undefined;
  return {
    why: `is running${placeOf(situation)}, and its memory is to be written into claim ${claimName}${inBrackets(message)}`,
    todo: `wait, or give it up with \`vmpod memory-dump remove ${situation.name}${flags(situation)}\``,
  };
}

function dumpFailed(situation: Situation): Explanation | undefined {
  const { phase, claimName, message } = situation.vm?.status?.memoryDumpRequest ?? {};
  if (!isRunning(situation) || phase !== dumpPhases.failed) return undefined;
  return {
    why: `is running${placeOf(situation)}; its memory could not be written into claim ${claimName}${inBrackets(message)}`,
    todo: `try again with \`vmpod memory-dump get ${situation.name}${flags(situation)}\``,
  };
}

function inBrackets(message: string | undefined): string {
  return message ? ` (${message})` : "";
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
  const migratable = findCondition(situation.vmi?.status?.conditions, vmiConditions.liveMigratable);
  const stuck =
    migratable?.status === "False" ? `; it cannot be migrated (${migratable.message ?? migratable.reason})` : "";
  const emulated = isConditionTrue(situation.vmi?.status?.conditions, vmiConditions.softwareEmulation);
  return {
    why: `is running${placeOf(situation)}${emulated ? ", emulated (slower: this node has no usable KVM)" : ""}; nothing is wrong${stuck}`,
  };
}

function isRunning({ vmi }: Situation): boolean {
  return vmi?.status?.phase === "Running";
}

function placeOf({ vmi }: Situation): string {
  const address = vmi?.status?.interfaces?.[0]?.ipAddress;
  return ` on ${vmi?.status?.nodeName ?? "its node"}${address ? ` at ${address}` : ""}`;
}
