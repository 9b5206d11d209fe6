/** The target's QEMU is told to wait for a guest: see ./transport.ts. May be repeated until it waits. */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { migrationPorts } from "../../network/pod-network.ts";
import { nodeToFill } from "../../qemu/devices/block-node.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { QmpError } from "../../qemu/qmp/errors.ts";
import {
  createCredentials,
  type Credentials,
  credentialsId,
  presentCredentials,
  tolerateQmpError,
} from "./credentials.ts";
import { copiedDisks } from "./moved-disks.ts";
import { setCapabilities } from "./set-capabilities.ts";
import { listenUri, tlsUri } from "./transport.ts";

const receiving = { events: true, "return-path": true, "late-block-activate": true };

/**
 * @returns why it cannot be a guest's place before all of its memory is there: for that QEMU must be told by the kernel which page is
 * missing (userfaultfd), and neither Linux nor a container's seccomp profile allows it to everybody
 */
export async function prepareReception(
  qmp: QmpClient,
  { allowPostCopy }: { allowPostCopy: boolean },
): Promise<string | undefined> {
  await setCapabilities(qmp, { ...receiving, "postcopy-ram": false });
  if (!allowPostCopy) return undefined;
  try {
    await setCapabilities(qmp, { "postcopy-ram": true });
    return undefined;
  } catch (error) {
    if (error instanceof QmpError) return error.message;
    throw error;
  }
}

export async function listenOnSocket(qmp: QmpClient): Promise<void> {
  await qmp.execute("migrate-incoming", { uri: listenUri });
}

export interface Reception {
  vmi: VirtualMachineInstance;
  pid: number;
  /** Of this pod. */
  address: string;
  sourceAuthority: string;
}

/** @returns what the source must know of it */
export async function listenOnNetwork(qmp: QmpClient, reception: Reception): Promise<Credentials> {
  const { vmi, pid, address, sourceAuthority } = reception;
  const credentials = await createCredentials("server");
  await stopExports(qmp);
  await presentCredentials({ qmp, pid }, credentials, sourceAuthority);
  await exportDisks(qmp, vmi, address);
  await qmp.execute("migrate-set-parameters", { "tls-creds": credentialsId("server") });
  await qmp.execute("migrate-incoming", { uri: tlsUri(address) });
  return credentials;
}

export async function exportDisks(qmp: QmpClient, vmi: VirtualMachineInstance, host: string): Promise<void> {
  const disks = copiedDisks(vmi);
  if (disks.length === 0) return;
  const data = { host, port: String(migrationPorts.disks) };
  await qmp.execute("nbd-server-start", { addr: { type: "inet", data }, "tls-creds": credentialsId("server") });
  for (const disk of disks) {
    const { name } = disk;
    const id = `export-${name}`;
    await qmp.execute("block-export-add", { type: "nbd", id, "node-name": nodeToFill(disk), name, writable: true });
  }
}

/** From here on the guest alone writes to its disks. */
export function stopExports(qmp: QmpClient): Promise<void> {
  return tolerateQmpError(qmp.execute("nbd-server-stop"));
}
