/** When a transfer takes too long. Pure. */
import { quantityToNumber } from "../../base/quantity.ts";
import type { MigrationInfo } from "../../qemu/qmp/commands.ts";
import type { DiskCopy } from "./copies.ts";
import type { SourceObservation } from "./observation.ts";
import type { MigrationRecord } from "./records.ts";

const gibibyte = 1024 ** 3;

export function overdue({ vmi, state, record, copies, nowMs }: SourceObservation): string | undefined {
  const { completionTimeoutPerGiB = 0, progressTimeout = 0 } = state.migrationConfiguration ?? {};
  const diskBytes = copies.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const gibibytes = Math.ceil((quantityToNumber(vmi.spec.domain.memory?.guest ?? "0") + diskBytes) / gibibyte);
  const completionSeconds = completionTimeoutPerGiB * Math.max(1, gibibytes);
  const elapsedSeconds = (nowMs - Date.parse(state.startTimestamp ?? "")) / 1000;
  if (completionSeconds > 0 && elapsedSeconds > completionSeconds) {
    return `Live migration is not completed after ${completionSeconds} seconds and has been aborted`;
  }
  const stuckSeconds = record.progress === undefined ? 0 : (nowMs - record.progress.atMs) / 1000;
  return progressTimeout > 0 && stuckSeconds > progressTimeout
    ? `Live migration stuck for ${progressTimeout} seconds and has been aborted`
    : undefined;
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
