/**
 * Writes on the migration when the guest stood still, and when it went on: each end what it saw, and the controller
 * computes how long it took. A measurement, not a decision: an agent that was restarted in between has none.
 */
import { migrationSelector, type MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstanceMigrations } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { MigrationRecords } from "./records.ts";

interface Context {
  client: Client;
  migrations: MigrationRecords;
}

const annotationOf = { stopped: annotations.guestStoppedAt, resumed: annotations.guestResumedAt };

export async function noteGuestTime(
  { client, migrations }: Context,
  vmi: VirtualMachineInstance,
  state: MigrationState,
  what: "stopped" | "resumed",
  signal: AbortSignal,
): Promise<void> {
  const { migrationUid = "" } = state;
  const atMs = migrations.of(migrationUid)[`${what}Ms`];
  if (atMs === undefined) return;
  const { namespace, name: vmiName = "" } = vmi.metadata ?? {};
  const labelSelector = migrationSelector(vmiName);
  const { items } = await client.list(virtualMachineInstanceMigrations, { namespace, labelSelector, signal });
  const name = items.find(({ metadata }) => metadata?.uid === migrationUid)?.metadata?.name;
  if (name === undefined) return;
  const body = { metadata: { uid: migrationUid, annotations: { [annotationOf[what]]: new Date(atMs).toISOString() } } };
  await client
    .patch(virtualMachineInstanceMigrations, { namespace, name }, { type: "merge", body }, { signal })
    .catch((error: unknown) => {
      if (!isStatus(error, "NotFound", "Conflict")) throw error;
    });
}
