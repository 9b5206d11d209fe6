/** Migrations that a controller asks for, in an instance's stead. */
import {
  type VirtualMachineInstanceMigration,
  virtualMachineInstanceMigrations,
} from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";

export interface MigrationRequest {
  generateName: string;
  annotations: Record<string, string>;
}

/** @returns nothing when one is on already, or the instance is gone */
export async function createMigration(
  { client, events }: { client: Client; events: EventRecorder },
  vmi: VirtualMachineInstance,
  { generateName, annotations }: MigrationRequest,
  signal: AbortSignal,
): Promise<VirtualMachineInstanceMigration | undefined> {
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
    return created;
  } catch (error) {
    // One that our copy does not show yet is on: its end brings us here again.
    if (!isStatus(error, "Forbidden", "NotFound")) throw error;
    return undefined;
  }
}
