/** When a transfer takes too long, and what is done then. Pure. */
import type { Disturbance } from "../../../api/kubevirt/migration/register.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import type { MigrationInfo } from "../../qemu/qmp/commands.ts";
import type { DiskCopy } from "./copies.ts";
import type { SourceObservation } from "./observation.ts";
import type { MigrationRecord } from "./records.ts";

const gibibyte = 1024 ** 3;

/** Not of one that was switched to postcopy: there is no way back. */
export function overdue(observation: SourceObservation): string | undefined {
  const { state, record, nowMs } = observation;
  if (state.mode === "PostCopy") return undefined;
  const { progressTimeout = 0 } = state.migrationConfiguration ?? {};
  const completionSeconds = patienceSeconds(observation) * (state.mode === "Paused" ? 2 : 1);
  if (isOverdue(observation, completionSeconds)) {
    return `Live migration is not completed after ${completionSeconds} seconds and has been aborted`;
  }
  const stuckSeconds = record.progress === undefined ? 0 : (nowMs - record.progress.atMs) / 1000;
  return progressTimeout > 0 && stuckSeconds > progressTimeout
    ? `Live migration stuck for ${progressTimeout} seconds and has been aborted`
    : undefined;
}

/** Instead of giving it up, when the guest may be disturbed and its memory is on its way. */
export function disturbanceDue(observation: SourceObservation): Disturbance | undefined {
  const { state, transfer } = observation;
  const { allowWorkloadDisruption, allowPostCopy } = state.migrationConfiguration ?? {};
  const isDue = transfer.status === "active" && isOverdue(observation, patienceSeconds(observation));
  if (!isDue || state.mode !== "PreCopy" || !allowWorkloadDisruption || state.abortRequested) return undefined;
  return allowPostCopy ? "PostCopy" : "Paused";
}

function patienceSeconds({ vmi, state, copies }: SourceObservation): number {
  const { completionTimeoutPerGiB = 0 } = state.migrationConfiguration ?? {};
  const diskBytes = copies.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const gibibytes = Math.ceil((quantityToNumber(vmi.spec.domain.memory?.guest ?? "0") + diskBytes) / gibibyte);
  return completionTimeoutPerGiB * Math.max(1, gibibytes);
}

/** @param seconds 0 is for ever */
function isOverdue({ state, nowMs }: SourceObservation, seconds: number): boolean {
  const elapsedSeconds = (nowMs - Date.parse(state.startTimestamp ?? "")) / 1000;
  return seconds > 0 && elapsedSeconds > seconds;
}

/** First of the disks, then of the memory. */
export function remainingBytes(transfer: MigrationInfo, copies: readonly DiskCopy[]): number | undefined {
  if (transfer.ram !== undefined) return transfer.ram.remaining;
  return copies.length === 0 ? undefined : copies.reduce((sum, copy) => sum + copy.totalBytes - copy.copiedBytes, 0);
}

/** Progress is that less is left than ever before. */
export function progressOf(
  { progress }: MigrationRecord,
  remainingBytes: number | undefined,
  nowMs: number,
): MigrationRecord["progress"] {
  if (remainingBytes === undefined) return progress;
  if (progress !== undefined && remainingBytes >= progress.remainingBytes) return progress;
  return { remainingBytes, atMs: nowMs };
}
