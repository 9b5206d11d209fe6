/**
 * How long a guest may stand still while the rest of its memory follows (QEMU's `downtime-limit`: it stops once the rest would be sent in that
 * time). Short at first, because most guests soon have little left; with each further pass over what a guest has written meanwhile twice as
 * long, up to what QEMU allows from the start. Pure.
 */
import type { MigrationInfo } from "../../qemu/qmp/commands.ts";

export const firstPauseMs = 25;
const longestPauseMs = 300;
/** All of the memory, and what was written while that was sent. */
const usualPasses = 2;

export function pauseAllowedMs({ ram }: MigrationInfo): number {
  const furtherPasses = Math.max(0, (ram?.["dirty-sync-count"] ?? 0) - usualPasses);
  return Math.min(longestPauseMs, firstPauseMs * 2 ** furtherPasses);
}
