/** Why a migration that has not been decided must be given up, as far as the controller can see. Pure. */
import { annotations } from "../../../api/kubevirt/names.ts";
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { hasEnded, isFinal } from "../virtualmachineinstance/observation.ts";
import { isDeleted, type Observation, targetPodOf } from "./observation.ts";
import { currentPhase } from "./phase.ts";

/** Upstream's patience, in seconds, with a migration that does not say its own. */
const patience = { [annotations.unschedulableTimeout]: 300, [annotations.pendingTimeout]: 900 };

type Rule = (observation: Observation) => string | undefined;

const rules: readonly Rule[] = [aborted, instanceEnded, instanceDeleted, targetEnded, targetVanished, targetPending];

export function failureOf(observation: Observation): string | undefined {
  for (const rule of rules) {
    const reason = rule(observation);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Once bytes are on their way it is the source's agent that stops them. */
function aborted(observation: Observation): string | undefined {
  const { vmi } = observation;
  if (!isDeleted(observation) || vmi?.status?.migrationState?.startTimestamp !== undefined) return undefined;
  return "Live migration aborted: the migration was deleted";
}

function instanceEnded({ vmi }: Observation): string | undefined {
  if (vmi === undefined || !isFinal(vmi)) return undefined;
  return `the virtual machine instance ended in phase ${vmi.status?.phase} before it was moved`;
}

function instanceDeleted({ vmi }: Observation): string | undefined {
  return vmi?.metadata?.deletionTimestamp ? "the virtual machine instance is being deleted" : undefined;
}

function targetEnded(observation: Observation): string | undefined {
  const pod = targetPodOf(observation);
  if (pod === undefined || !(hasEnded(pod) || pod.metadata?.deletionTimestamp)) return undefined;
  return `target pod ${pod.metadata?.name} ${hasEnded(pod) ? `ended${endOf(pod)}` : "is being deleted"}`;
}

function endOf(pod: LauncherPod): string {
  const terminated = pod.status?.containerStatuses?.[0]?.state?.terminated;
  if (terminated === undefined) return "";
  return `: ${terminated.reason ?? "Error"}, exit code ${terminated.exitCode}`;
}

/** From Scheduled on it has been seen. */
function targetVanished(observation: Observation): string | undefined {
  const phase = currentPhase(observation);
  if (phase === "Pending" || phase === "Scheduling" || targetPodOf(observation) !== undefined) return undefined;
  return "the target pod vanished";
}

function targetPending(observation: Observation): string | undefined {
  const pod = targetPodOf(observation);
  if (pod === undefined || currentPhase(observation) === "Running") return undefined;
  const ageSeconds = (Date.parse(observation.now) - Date.parse(pod.metadata?.creationTimestamp ?? "")) / 1000;
  const unschedulableSeconds = patienceOf(observation, annotations.unschedulableTimeout);
  const pendingSeconds = patienceOf(observation, annotations.pendingTimeout);
  const unschedulable = pod.status?.conditions?.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unschedulable && ageSeconds > unschedulableSeconds) {
    return `no node took the target pod within ${unschedulableSeconds} s: ${unschedulable.message ?? unschedulable.reason}`;
  }
  return ageSeconds > pendingSeconds ? `the target was not ready within ${pendingSeconds} s` : undefined;
}

function patienceOf({ migration }: Observation, annotation: keyof typeof patience): number {
  const own = Number(migration.metadata?.annotations?.[annotation] ?? NaN);
  return Number.isInteger(own) && own >= 0 ? own : patience[annotation];
}
