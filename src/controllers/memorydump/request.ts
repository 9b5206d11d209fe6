/** How far a memory dump is. Pure; see api/kubevirt/memory-dump.ts for the picture. */
import {
  dumpPhases,
  dumpVolumeOf,
  dumpVolumePhases,
  isFinalDump,
  type MemoryDumpRequest,
} from "../../../api/kubevirt/memory-dump.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { answerOf, isAsked, type Observation, runs } from "./observation.ts";

/** The request as it is now; undefined when nothing is left of it. */
export function decideRequest(observation: Observation): MemoryDumpRequest | undefined {
  const request = observation.vm.status?.memoryDumpRequest;
  switch (request?.phase) {
    case dumpPhases.associating:
      return associate(observation, request);
    case dumpPhases.inProgress:
      return follow(observation, request);
    case dumpPhases.unmounting:
      return isClear(observation, request) ? { ...request, phase: dumpPhases.completed } : request;
    case dumpPhases.dissociating:
      return isClear(observation, request) && !isInMachine(observation) ? undefined : request;
    default:
      return request;
  }
}

const ended = "the machine ended before its memory was written";

function associate(observation: Observation, request: MemoryDumpRequest): MemoryDumpRequest {
  const { vmi, pod } = observation;
  if (!runs(vmi)) return failed(request, ended, observation.now);
  const isReady = isInMachine(observation) && isAsked(vmi) && pod === undefined;
  return isReady && !isStale(observation, request) ? { ...request, phase: dumpPhases.inProgress } : request;
}

/** What is there is of an earlier dump, and has to go first. */
export function isStale({ vmi, pod }: Observation, request: MemoryDumpRequest): boolean {
  return pod !== undefined || isFinalDump(answerOf(vmi, request) ?? {});
}

function follow(observation: Observation, request: MemoryDumpRequest): MemoryDumpRequest {
  const { vmi, now } = observation;
  const answer = answerOf(vmi, request);
  const { startTimestamp, endTimestamp, targetFileName } = answer?.memoryDumpVolume ?? {};
  const times = { ...(startTimestamp && { startTimestamp }), ...(endTimestamp && { endTimestamp }) };
  if (answer?.phase === dumpVolumePhases.completed)
    return { ...without(request, "message"), ...times, phase: dumpPhases.unmounting, fileName: targetFileName };
  if (answer?.phase === dumpVolumePhases.failed) return failed({ ...request, ...times }, answer.message ?? "", now);
  if (!runs(vmi) || !isAsked(vmi)) return failed(request, ended, now);
  const message = answer?.message ?? waitsFor(observation, request.claimName);
  return { ...request, ...times, message };
}

function failed(request: MemoryDumpRequest, message: string, now: Date): MemoryDumpRequest {
  return { endTimestamp: timestamp(now), ...request, phase: dumpPhases.failed, message };
}

/** Why nothing is written yet. */
function waitsFor({ pod, claim }: Observation, claimName: string): string {
  if (claim === undefined) return `claim ${claimName} is not there`;
  if (claim.status?.phase === "Lost") return `claim ${claimName} has lost its volume`;
  if (pod === undefined) return "the pod that writes it is being made";
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  const unbound = claim.status?.phase === "Pending" ? `claim ${claimName} is not bound to a volume yet` : undefined;
  const reason = unscheduled?.message ?? unbound ?? waiting?.message ?? waiting?.reason;
  return `pod ${pod.metadata?.name} that writes it is not running yet${reason ? `: ${reason}` : ""}`;
}

/** The claim is nobody's any more. */
function isClear({ vmi, pod }: Observation, request: MemoryDumpRequest): boolean {
  return pod === undefined && !isAsked(vmi) && (!runs(vmi) || answerOf(vmi, request) === undefined);
}

function isInMachine({ vm }: Observation): boolean {
  return dumpVolumeOf(vm.spec.template.spec) !== undefined;
}

function without<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = object;
  return rest;
}
