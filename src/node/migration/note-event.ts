import { isInTransit } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import type { QmpEvent } from "../../qemu/qmp/message.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import type { MigrationRecords } from "./records.ts";

const telling = new Set(["MIGRATION", "MIGRATION_PASS", "JOB_STATUS_CHANGE", "STOP", "RESUME"]);

/** Takes down when a guest in transit stood still and went on. @returns whether to look at its migration again */
export function noteMigrationEvent(
  vmis: Informer<VirtualMachineInstance>,
  migrations: MigrationRecords,
  key: string,
  { event, timestampMs }: QmpEvent,
): boolean {
  if (!telling.has(event)) return false;
  const { namespace, name } = parseObjectKey(key);
  const vmi = vmis.get(namespace, name);
  if (vmi === undefined || !isInTransit(vmi)) return event !== "STOP" && event !== "RESUME";
  const record = migrations.of(vmi.status?.migrationState?.migrationUid ?? "");
  if (event === "STOP") record.stoppedMs = timestampMs;
  if (event === "RESUME") record.resumedMs = timestampMs;
  return true;
}
