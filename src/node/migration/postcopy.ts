import type { MigrationStatus } from "../../qemu/qmp/commands.ts";

/** The guest's processors are at the target, part of its memory at the source: neither QEMU can go on without the other. */
export function isInPostcopy(status: MigrationStatus | undefined): boolean {
  return status === "postcopy-active" || status === "postcopy-paused" || status === "postcopy-recover";
}
