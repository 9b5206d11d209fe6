/**
 * Copies of disks to another node while the guest runs: a mirror for each, from the source's QEMU to a node that the target's exports.
 *
 *   copy ──▶ running ──▶ ready ──(guest stands still: pre-switchover)──▶ finish ──▶ concluded
 *                         │ each write goes to both                                  │ both are equal
 *                         └── drop: cancelled ──▶ concluded, with an error           └──▶ the guest may leave
 *
 * They are not dismissed by themselves, so what became of each is to be asked from QEMU, whoever was restarted meanwhile.
 */
import { isIPv6 } from "node:net";
import { migrationPorts } from "../../network/pod-network.ts";
import { copyId, driveNode, isCopyId } from "../../qemu/domain/ids.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import type { JobStatus } from "../../qemu/qmp/commands.ts";
import { credentialsId, peerName, tolerateQmpError } from "./credentials.ts";

export interface DiskCopy {
  id: string;
  status: JobStatus;
  copiedBytes: number;
  totalBytes: number;
  error: string | undefined;
}

export async function observeCopies(qmp: QmpClient): Promise<DiskCopy[]> {
  const jobs = await qmp.execute("query-jobs");
  return jobs
    .filter(({ id }) => isCopyId(id))
    .map(({ id, status, error, "current-progress": copiedBytes, "total-progress": totalBytes }) => ({
      id,
      status,
      copiedBytes,
      totalBytes,
      error,
    }));
}

/** `write-blocking`: once it is ready it stays so, however much the guest writes. */
export async function startCopy(
  qmp: QmpClient,
  { migrationUid, name, address }: { migrationUid: string; name: string; address: string },
): Promise<void> {
  const id = copyId(migrationUid, name);
  await qmp.execute("blockdev-add", {
    driver: "nbd",
    "node-name": id,
    server: { type: "inet", host: address, port: String(migrationPorts.disks), ...(isIPv6(address) && { ipv6: true }) },
    export: name,
    "tls-creds": credentialsId("client"),
    "tls-hostname": peerName,
  });
  await qmp.execute("blockdev-mirror", {
    "job-id": id,
    device: driveNode(name),
    target: id,
    sync: "top",
    "copy-mode": "write-blocking",
    "auto-dismiss": false,
  });
}

export async function finishCopies(qmp: QmpClient, copies: readonly DiskCopy[]): Promise<void> {
  for (const { id, status } of copies) if (status === "ready") await qmp.execute("block-job-cancel", { device: id });
}

/** A step towards none: what has concluded is removed, what has not is made to. */
export async function dropCopies(qmp: QmpClient, copies: readonly DiskCopy[]): Promise<void> {
  for (const { id, status } of copies) {
    if (status === "aborting") continue;
    if (status !== "concluded") {
      await qmp.execute("job-cancel", { id });
      continue;
    }
    await tolerateQmpError(qmp.execute("blockdev-del", { "node-name": id }));
    await qmp.execute("job-dismiss", { id });
  }
}
