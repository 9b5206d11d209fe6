/** Migrations that the controllers want themselves: how one is made, and when the next may be after some have failed. */
import {
  type VirtualMachineInstanceMigration,
  virtualMachineInstanceMigrations,
} from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";

const firstBackoffMs = 20_000;
const longestBackoffMs = 300_000;

/** After failures in vain, longer with each. Pure. */
export function backoffAfterMs(failed: readonly VirtualMachineInstanceMigration[], nowMs: number): number {
  if (failed.length === 0) return 0;
  const lastMs = Math.max(...failed.map(({ status }) => Date.parse(status?.migrationState?.endTimestamp ?? "") || 0));
  return lastMs + Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failed.length - 1)) - nowMs;
}

export interface MigrationWish {
  vmi: VirtualMachineInstance;
  generateName: string;
  annotations: Record<string, string>;
}

export async function makeMigration(
  { client, events }: { client: Client; events: EventRecorder },
  { vmi, generateName, annotations }: MigrationWish,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name: vmiName } = vmi.metadata ?? {};
  const migration: VirtualMachineInstanceMigration = {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstanceMigration",
    metadata: { generateName, namespace, annotations },
    spec: { vmiName },
  };
  try {
    const created = await client.create(virtualMachineInstanceMigrations, migration, { signal });
    events.record(vmi, "Normal", "SuccessfulCreate", `Created Migration ${created.metadata?.name}`);
  } catch (error) {
    // One that our copy does not show yet is on: its end brings us here again.
    if (!isStatus(error, "Forbidden", "NotFound")) throw error;
  }
}
