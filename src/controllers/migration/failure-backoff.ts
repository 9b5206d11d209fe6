/** How long to wait after migrations in vain: longer with each. Pure. */
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";

const firstBackoffMs = 20_000;
const longestBackoffMs = 300_000;

/** @param attempts those for one purpose; 0 or less: it is time to try again */
export function failureBackoffLeftMs(attempts: readonly VirtualMachineInstanceMigration[], nowMs: number): number {
  const failed = attempts.filter(({ status }) => status?.phase === "Failed");
  if (failed.length === 0) return 0;
  const lastMs = Math.max(...failed.map(({ status }) => Date.parse(status?.migrationState?.endTimestamp ?? "") || 0));
  return lastMs + Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failed.length - 1)) - nowMs;
}
