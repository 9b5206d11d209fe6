/** The conditions of a VirtualMachineInstance that the controller answers for; those of the node agent stay as they are. Pure. */
import type { LauncherPod } from "../launcher/launcher.ts";
import { readyReasons, vmiConditions } from "../../../../api/kubevirt/conditions.ts";
import type { Condition } from "../../../../api/meta.ts";
import { findCondition, isConditionTrue, removeCondition, setCondition } from "../../../runtime/conditions.ts";
import { compareQuantities } from "../../../base/quantity.ts";
import { awaited } from "../room.ts";
import { copyUnderWay, failedCopy } from "./disk-copies.ts";
import { liveMigratable, storageLiveMigratable } from "./live-migratable.ts";
import { launcherOf, type Observation } from "../observation.ts";
import { lostFilesystem } from "./filesystem-servers.ts";
import { diskCopyFailed, filesystemLost } from "./phase.ts";

/** Reasons by which the controller says `Synchronized: False`; the node agent has others. */
export const syncReasons = {
  failedCreate: "FailedCreate",
  failedPvcNotFound: "FailedPvcNotFound",
  errImagePull: "ErrImagePull",
  imagePullBackOff: "ImagePullBackOff",
  createContainerError: "CreateContainerError",
  diskCopyFailed,
  filesystemLost,
} as const;

export function decideConditions(observation: Observation, phase: string): Condition[] {
  const now = new Date(observation.now);
  const current = observation.vmi.status?.conditions ?? [];
  const withReady = setCondition(current, readyCondition(observation, phase), now);
  const withSync = putOrDrop(withReady, syncFailure(observation), ownsSynchronized, vmiConditions.synchronized, now);
  const pod = launcherOf(observation);
  const withCopies = putOrDrop(withSync, provisioning(pod), () => true, vmiConditions.provisioning, now);
  const withNode = putOrDrop(
    withCopies,
    unresponsive(observation, phase),
    () => true,
    vmiConditions.nodeUnresponsive,
    now,
  );
  const withScheduled = putOrDrop(withNode, podUnscheduled(pod), () => true, vmiConditions.podScheduled, now);
  const withGrowth = growth(observation, phase).reduce(
    (conditions, [type, wanted]) => putOrDrop(conditions, wanted, () => true, type, now),
    withScheduled,
  );
  if (phase !== "Running") return withGrowth;
  return [liveMigratable(observation), storageLiveMigratable()].reduce(
    (conditions, condition) => setCondition(conditions, condition, now),
    withGrowth,
  );
}

/** What the guest is still to be given of what its instance asks for. */
function growth(observation: Observation, phase: string): [type: string, wanted: Condition | undefined][] {
  const { spec, status } = observation.vmi;
  const { cpu, memory } = spec.domain;
  const sockets = status?.currentCPUTopology?.sockets;
  const guest = status?.memory?.guestCurrent;
  const isRunning = phase === "Running";
  const lacksSockets = isRunning && sockets !== undefined && (cpu?.sockets ?? 1) > sockets;
  const lacksMemory = isRunning && guest !== undefined && compareQuantities(memory?.guest ?? 0, guest) > 0;
  const told = (type: string, lacks: boolean): [string, Condition | undefined] => [
    type,
    lacks ? { type, status: "True", message: awaited(observation) } : undefined,
  ];
  return [told(vmiConditions.hotVCPUChange, lacksSockets), told(vmiConditions.hotMemoryChange, lacksMemory)];
}

function putOrDrop(
  conditions: Condition[],
  wanted: Condition | undefined,
  owns: (current: Condition) => boolean,
  type: string,
  now: Date,
): Condition[] {
  if (wanted !== undefined) return setCondition(conditions, wanted, now);
  const current = findCondition(conditions, type);
  return current && owns(current) ? removeCondition(conditions, type) : conditions;
}

function readyCondition(observation: Observation, phase: string): Condition {
  const pod = launcherOf(observation);
  if (pod === undefined) return notReady(readyReasons.podNotExists, "virt-launcher pod has not yet been scheduled");
  if (pod.metadata?.deletionTimestamp) return notReady(readyReasons.podTerminating, "virt-launcher pod is terminating");
  if (isConditionTrue(observation.vmi.status?.conditions, vmiConditions.paused)) {
    return notReady(readyReasons.guestPaused, "Guest VM is paused");
  }
  if (phase !== "Running") return notReady(readyReasons.guestNotRunning, "Guest VM is not reported as running");
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  if (ready === undefined)
    return notReady(readyReasons.podConditionMissing, "virt-launcher pod is missing the Ready condition");
  return {
    type: vmiConditions.ready,
    status: ready.status === "True" ? "True" : "False",
    // Also when there is none: an earlier reason must not stay.
    reason: ready.reason,
    message: ready.message,
  };
}

function notReady(reason: string, message: string): Condition {
  return { type: vmiConditions.ready, status: "False", reason, message };
}

function ownsSynchronized(condition: Condition): boolean {
  return condition.status === "False" && (Object.values(syncReasons) as string[]).includes(condition.reason ?? "");
}

function syncFailure(observation: Observation): Condition | undefined {
  const missing = observation.claims.filter((claim) => !claim.exists && !claim.isState).map((claim) => claim.name);
  const pod = launcherOf(observation);
  if (pod === undefined && missing.length > 0) {
    return unsynchronized(
      syncReasons.failedPvcNotFound,
      `failed to find PersistentVolumeClaim ${missing.join(", ")}: create it`,
    );
  }
  if (pod === undefined) {
    return observation.createFailure === undefined
      ? undefined
      : unsynchronized(syncReasons.failedCreate, `failed to create virtual machine pod: ${observation.createFailure}`);
  }
  return containerFailure(pod);
}

function containerFailure(pod: LauncherPod): Condition | undefined {
  const copy = failedCopy(pod);
  if (copy) {
    const { volume, image, message } = copy;
    return unsynchronized(syncReasons.diskCopyFailed, `volume ${volume}: image ${image} was not copied: ${message}`);
  }
  const lost = lostFilesystem(pod);
  if (lost) {
    const what = `filesystem ${lost.volume}: virtiofsd ended (${lost.message})`;
    return unsynchronized(syncReasons.filesystemLost, `${what}, and the guest waits for it; restart the machine`);
  }
  for (const { state } of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
    const { reason, message = "" } = state?.waiting ?? {};
    const known = waitingReason(reason);
    if (known !== undefined) return unsynchronized(known, message || known);
  }
  return undefined;
}

/** The kubelet has several words for an image that cannot be had (`ErrImageNeverPull` ...). */
function waitingReason(reason: string | undefined): string | undefined {
  if (reason?.startsWith("ErrImage")) return syncReasons.errImagePull;
  return Object.values(syncReasons).find((known) => known === reason);
}

function unsynchronized(reason: string, message: string): Condition {
  return { type: vmiConditions.synchronized, status: "False", reason, message };
}

/** The pod pulls and copies as long as it takes; what, is told. */
function provisioning(pod: LauncherPod | undefined): Condition | undefined {
  const copy = copyUnderWay(pod);
  if (copy === undefined) return undefined;
  const message = `volume ${copy.volume}: the disk is being copied out of image ${copy.image}`;
  return { type: vmiConditions.provisioning, status: "True", reason: "CopyingContainerDisk", message };
}

/** The guest may go on: only what is said about it does not. */
function unresponsive({ nodeSilence, vmi }: Observation, phase: string): Condition | undefined {
  if (nodeSilence === undefined || (phase !== "Scheduled" && phase !== "Running")) return undefined;
  const { who, since } = nodeSilence;
  const node = vmi.status?.nodeName;
  const mayRun = "the guest may run, but this status may be old";
  const [reason, message] =
    who === "agent"
      ? ["HeartbeatMissed", `the VM agent on node ${node} gives no sign of life since ${since}; ${mayRun}`]
      : [
          "NodeStatusUnknown",
          `node ${node} gives no sign of life since ${since}; ${mayRun}; if the node is gone for good, delete its Node object`,
        ];
  return { type: vmiConditions.nodeUnresponsive, status: "True", reason, message };
}

function podUnscheduled(pod: LauncherPod | undefined): Condition | undefined {
  const scheduled = pod?.status?.conditions?.find((condition) => condition.type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  return {
    type: vmiConditions.podScheduled,
    status: "False",
    ...(scheduled.reason && { reason: scheduled.reason }),
    ...(scheduled.message && { message: scheduled.message }),
  };
}
