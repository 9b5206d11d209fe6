import type { Event } from "../../../api/core.ts";
import { findCondition, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { flags } from "./flags.ts";
import { imageExplanation } from "./image.ts";
import { agentProblemOn, isReady, notReadyReason, startAgent } from "./nodes.ts";
import { cpuManagerMissing, memoryShortage } from "./shortage.ts";
import type { Explanation, Rule, Situation } from "./situation.ts";

/** Causes between the pod and its node. */
export const podRules: readonly Rule[] = [
  gated,
  noNode,
  unboundClaim,
  unschedulable,
  unscheduled,
  imageMissing,
  diskImageMissing,
  noAgent,
  mountFailed,
  containerRefused,
  deviceFailed,
  copyingDisk,
  comingUp,
];

function gated({ pod }: Situation): Explanation | undefined {
  const gates = pod?.spec?.schedulingGates?.map(({ name }) => name) ?? [];
  if (gates.length === 0) return undefined;
  return {
    why: `is held back before scheduling by ${gates.join(", ")}`,
    todo: "what put the gate there must remove it",
  };
}

function noNode({ pod, nodes }: Situation): Explanation | undefined {
  if (!pod || pod.spec?.nodeName || nodes.some(isReady)) return undefined;
  const [node] = nodes;
  const why = node ? `node ${node.metadata?.name} is not ready (${notReadyReason(node)})` : "there is no node";
  return {
    why: `cannot be placed because ${why}`,
    todo: startAgent,
  };
}

/** The scheduler waits for volumes; which, and why there is none, the claims and their Events tell. */
function unboundClaim({ pod, claims, events }: Situation): Explanation | undefined {
  const condition = pod?.status?.conditions?.find(({ type }) => type === "PodScheduled");
  const claim = claims.find(({ status }) => status?.phase !== "Bound");
  if (pod?.spec?.nodeName || condition?.status !== "False" || !claim) return undefined;
  const { name, uid } = claim.metadata ?? {};
  const said = events.findLast((event) => event.involvedObject.uid === uid)?.message ?? condition.message;
  const lost = claim.status?.phase === "Lost";
  return {
    why: `waits for storage: PersistentVolumeClaim ${name} ${lost ? "has lost its volume" : "is not bound"}${said ? ` (${said})` : ""}`,
    todo: lost
      ? "create it anew, from a backup"
      : "see whether its storage class exists and has a volume for it: `kubectl get pvc,sc`",
  };
}

function unschedulable(situation: Situation): Explanation | undefined {
  const condition = situation.pod?.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (situation.pod?.spec?.nodeName || condition?.status !== "False") return undefined;
  return (
    cpuManagerMissing(situation) ??
    memoryShortage(situation) ?? {
      why: `fits on no node (${condition.message ?? condition.reason})`,
      todo: "free what is asked for, or ask for less or for another node",
    }
  );
}

function unscheduled({ pod }: Situation): Explanation | undefined {
  if (!pod || pod.spec?.nodeName) return undefined;
  return {
    why: "waits for the scheduler to choose a node",
    todo: "if this lasts, see whether it runs with `vmpod status`",
  };
}

function imageMissing({ pod }: Situation): Explanation | undefined {
  const waiting = waitingState(pod);
  return imageExplanation(waiting?.reason, waiting?.message ?? "");
}

/** A containerDisk is a volume of the pod: its failed pull may show only as an event, which names the image. */
function diskImageMissing(situation: Situation): Explanation | undefined {
  if (isContainerRunning(situation)) return undefined;
  const { volumes = [], domain } = situation.vmi?.spec ?? {};
  const kernel = domain?.firmware?.kernelBoot?.container;
  const images = [...volumes.map(({ containerDisk }) => containerDisk), kernel].flatMap((each) => each?.image ?? []);
  const message = lastWarning(situation.events, "Failed", "FailedMount")?.message ?? "";
  return images.some((image) => message.includes(image)) ? imageExplanation("ErrImagePull", message) : undefined;
}

function noAgent(situation: Situation): Explanation | undefined {
  const problem = agentProblemOn(situation, situation.pod?.spec?.nodeName ?? "");
  if (problem === undefined) return undefined;
  return {
    why: `is placed, but ${problem}`,
    todo: startAgent,
  };
}

/** A missing Secret, ConfigMap or claim shows only as an event while the container is not created. */
function mountFailed(situation: Situation): Explanation | undefined {
  if (isContainerRunning(situation)) return undefined;
  const event = lastWarning(situation.events, "FailedMount", "FailedAttachVolume");
  if (!event) return undefined;
  return {
    why: `waits for a volume (${event.message})`,
    todo: "create what is missing, or correct spec.volumes; it is tried again by itself",
  };
}

function containerRefused(situation: Situation): Explanation | undefined {
  const waiting = waitingState(situation.pod);
  if (!waiting?.reason) {
    const event = isContainerRunning(situation)
      ? undefined
      : lastWarning(situation.events, "Failed", "FailedCreatePodSandBox");
    return (
      event && {
        why: `cannot be started by the container runtime (${event.message})`,
        todo: "`vmpod doctor` checks the runtime",
      }
    );
  }
  return {
    why: `cannot be started (${[waiting.reason, waiting.message].filter(Boolean).join(": ")})`,
    todo: `\`kubectl describe pod ${situation.pod?.metadata?.name}${flags(situation)}\` shows the attempts`,
  };
}

/** The pod runs and the node agent could not prepare or attach something. */
function deviceFailed({ vmi }: Situation): Explanation | undefined {
  const condition = findCondition(vmi?.status?.conditions, vmiConditions.synchronized);
  if (condition?.status !== "False") return undefined;
  return {
    why: `cannot be powered on (${condition.message ?? condition.reason})`,
    todo: "correct what the message names; it is tried again by itself",
  };
}

/** Without image volumes each container disk is copied before the machine starts, which takes as long as it is big. */
function copyingDisk({ pod, vmi }: Situation): Explanation | undefined {
  const condition = findCondition(vmi?.status?.conditions, vmiConditions.provisioning);
  if (condition?.status !== "True") return undefined;
  return {
    why: `is coming up on ${pod?.spec?.nodeName} (${condition.message ?? condition.reason})`,
    todo: "this takes as long as the disk is big; ask again",
  };
}

function comingUp(situation: Situation): Explanation | undefined {
  const { pod, vmi } = situation;
  if (!pod) return undefined;
  const step = isContainerRunning(situation) ? "its disks and network are being attached" : "its pod is being started";
  return {
    why: `is coming up on ${pod.spec?.nodeName}: ${step}`,
    todo: `this takes seconds (phase ${vmi?.status?.phase ?? "Pending"}); ask again`,
  };
}

function waitingState(pod: Situation["pod"]) {
  const statuses = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])];
  return statuses.map(({ state }) => state?.waiting).find((state) => state?.reason && !isJustStarting(state.reason));
}

function isJustStarting(reason: string): boolean {
  return reason === "ContainerCreating" || reason === "PodInitializing";
}

function isContainerRunning({ pod }: Situation): boolean {
  return pod?.status?.containerStatuses?.some(({ state }) => state?.running) === true;
}

function lastWarning(events: readonly Event[], ...reasons: string[]): Event | undefined {
  return events.findLast(({ type, reason }) => type === "Warning" && reasons.includes(reason ?? ""));
}
