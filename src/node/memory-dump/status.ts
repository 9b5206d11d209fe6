/** What the status of an instance says of the dump of its guest's memory, in upstream's words. Pure. */
import { dumpVolumePhases, isFinalDump, type VolumeStatus } from "../../../api/kubevirt/memory-dump.ts";
import type { Observation } from "../domain/observation.ts";
import type { DumpObservation } from "./observe.ts";

/** None without a dump, and none before somebody on this node can write it: until then the controller tells for what it waits. An outcome stays until nobody asks for it any more. */
export function dumpStatus({ vmi, dump, now }: Observation): VolumeStatus[] {
  if (dump === undefined) return [];
  const before = vmi.status?.volumeStatus?.find(({ name, memoryDumpVolume }) => name === dump.name && memoryDumpVolume);
  if (before && isFinalDump(before)) return [before];
  if (dump.pod === undefined || dump.pod.status?.phase === "Pending") return [];
  const outcome = outcomeOf(dump);
  const startTimestamp = before?.memoryDumpVolume?.startTimestamp ?? now;
  const volume = {
    claimName: dump.claimName,
    startTimestamp,
    ...(isFinalDump(outcome) && { endTimestamp: now }),
    targetFileName: dump.file,
  };
  return [{ name: dump.name, ...outcome, memoryDumpVolume: volume }];
}

/** The pod waits for QEMU, which is not busy with a dump yet. */
export function mustStart({ vmi, dump }: Observation): boolean {
  if (dump?.isWaiting !== true || dump.qemu.status === "active" || dump.refusal !== undefined) return false;
  return !(vmi.status?.volumeStatus ?? []).some((each) => each.name === dump.name && isFinalDump(each));
}

/** Nobody tells how far it is. */
export function isUnderWay(observation: Observation): boolean {
  return dumpStatus(observation).some((each) => !isFinalDump(each));
}

type Outcome = Required<Pick<VolumeStatus, "phase" | "reason" | "message">>;

function outcomeOf(dump: DumpObservation): Outcome {
  const failure = failureOf(dump);
  if (failure !== undefined) return { phase: dumpVolumePhases.failed, reason: "DumpFailed", message: failure };
  if (dump.pod?.status?.phase === "Succeeded" && dump.qemu.status !== "active") {
    const message = `memory dump ${dump.file} is complete in claim ${dump.claimName}`;
    return { phase: dumpVolumePhases.completed, reason: "DumpCompleted", message };
  }
  return { phase: dumpVolumePhases.inProgress, reason: "DumpInProgress", message: progressOf(dump) };
}

/** The pod knows why it reads no more; QEMU, why it sends no more. */
function failureOf({ pod, qemu, refusal }: DumpObservation): string | undefined {
  if (refusal !== undefined) return refusal;
  if (pod?.status?.phase === "Failed") return saidBy(pod);
  const isCut = pod?.status?.phase === "Succeeded" && (qemu.status === "failed" || qemu.status === "none");
  return isCut ? "QEMU has not sent all of the guest's memory" : undefined;
}

function saidBy({ metadata, status }: NonNullable<DumpObservation["pod"]>): string {
  const { message, reason, exitCode } = status?.containerStatuses?.[0]?.state?.terminated ?? {};
  const said = message?.trim() || status?.message || (reason ?? "no reason was given");
  return `pod ${metadata?.name} failed: ${said}${message ? "" : ` (exit ${exitCode ?? "unknown"})`}`;
}

const mebibyte = 1024 ** 2;

function progressOf({ pod, qemu, isWaiting }: DumpObservation): string {
  if (qemu.status === "active" && !isWaiting && qemu.total > 0) {
    const [written, total] = [qemu.completed, qemu.total].map((bytes) => Math.round(bytes / mebibyte));
    const percent = Math.floor((100 * qemu.completed) / qemu.total);
    return `${percent}%: ${written} of ${total} MiB; the guest stands still until all is written`;
  }
  return isWaiting ? "about to begin" : `pod ${pod?.metadata?.name} writes it`;
}
