/** What an agent sees of its end, and the parts of it that both make. */
import type { DiskCopy } from "../../../src/node/migration/copies.ts";
import { migrationUid, type World, podOf } from "./world.ts";

export function endOf(world: World, who: "source" | "target") {
  const agent = world.agents[who];
  const qemu = world[who];
  return {
    key: "default/one",
    nowMs: world.nowMs,
    vmi: agent.copy,
    state: agent.copy.status?.migrationState ?? {},
    migrationUid,
    pod: podOf(world, who),
    qemu: { pid: 1, startTicks: 1 },
    runState: qemu.runState,
    copies: [...qemu.copies],
    transfer: {
      ...(qemu.status && { status: qemu.status }),
      ram: { remaining: 1, transferred: 0, total: 1, "postcopy-bytes": qemu.postcopyBytes },
      ...(qemu.listening && { "socket-address": [{}] }),
    },
    record: { ...agent.records.of(migrationUid) },
  };
}

export const someCredentials = { side: "client", authorityPem: "authority", certificatePem: "", keyPem: "" } as const;

export function copyThatIs(status: DiskCopy["status"], error?: string): DiskCopy {
  return { id: "copy-migratio-data", status, error, copiedBytes: 0, totalBytes: 0 };
}
