/**
 * A migration by hand, as QEMU's manual has it (docs/interop/live-block-operations): what a pod's QEMU sends, the same way, but by one program
 * that talks to both QEMUs and asks nobody.
 *
 *   source   mirror disks ── all ready ── migrate ── pre-switchover: mirrors end ── continue ── completed
 *   target                                                      exports end                     goes on by itself
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { type DiskCopy, finishCopies, observeCopies, startCopy } from "../../src/node/migration/copies.ts";
import {
  createCredentials,
  credentialFiles,
  type Credentials,
  credentialsId,
  loadCredentials,
  peerName,
} from "../../src/node/migration/credentials.ts";
import { copiedDisks } from "../../src/node/migration/moved-disks.ts";
import { exportDisks } from "../../src/node/migration/receive.ts";
import { setCapabilities } from "../../src/node/migration/set-capabilities.ts";
import { tlsUri } from "../../src/node/migration/transport.ts";
import type { QmpClient } from "../../src/qemu/qmp/client.ts";
import type { QmpEvent } from "../../src/qemu/qmp/message.ts";
import type { BareGuest } from "./bare-guest.ts";

export interface BareMove {
  source: BareGuest;
  target: BareGuest;
  vmi: VirtualMachineInstance;
}

export interface Pause {
  /** As the source's QEMU counts it. */
  downtimeMs: number;
  /** From STOP at the source until RESUME at the target. */
  standstillMs: number;
}

/** Of the host, where nothing else listens. */
const address = "127.0.0.6";
const longestMs = 180_000;
const lookMs = 2;
/** As vmpod's, without a limit. */
const unlimitedBytesPerSecond = 2 ** 40;

export async function moveByHand({ source, target, vmi }: BareMove): Promise<Pause> {
  const [client, server] = [await createCredentials("client"), await createCredentials("server")];
  await present(target, server, client.authorityPem);
  await exportDisks(target.qmp, vmi, address);
  await setCapabilities(target.qmp, { events: true, "return-path": true });
  await target.qmp.execute("migrate-set-parameters", { "tls-creds": credentialsId("server") });
  await target.qmp.execute("migrate-incoming", { uri: tlsUri(address) });

  await present(source, client, server.authorityPem);
  for (const { name } of copiedDisks(vmi)) await startCopy(source.qmp, { migrationUid: "by-hand", name, address });
  await untilCopies(source.qmp, ({ status }) => status === "ready");
  return send({ source, target });
}

async function send({ source, target }: Pick<BareMove, "source" | "target">): Promise<Pause> {
  const stopped = nextEvent(source.qmp, "STOP");
  const resumed = nextEvent(target.qmp, "RESUME");
  const isStill = migrationReaches(source.qmp, "pre-switchover");
  const completed = migrationReaches(source.qmp, "completed");
  await setCapabilities(source.qmp, { events: true, "return-path": true, "pause-before-switchover": true });
  await source.qmp.execute("migrate-set-parameters", {
    "max-bandwidth": unlimitedBytesPerSecond,
    "tls-creds": credentialsId("client"),
    "tls-hostname": peerName,
  });
  await source.qmp.execute("migrate", { uri: tlsUri(address) });
  await isStill;
  await finishCopies(source.qmp, await observeCopies(source.qmp));
  await untilCopies(source.qmp, ({ status }) => status === "concluded");
  await target.qmp.execute("nbd-server-stop");
  await source.qmp.execute("migrate-continue", { state: "pre-switchover" });
  const [{ timestampMs: stoppedMs }, { timestampMs: resumedMs }] = await Promise.all([stopped, resumed, completed]);
  const { downtime = 0 } = await source.qmp.execute("query-migrate");
  return { downtimeMs: downtime, standstillMs: resumedMs - stoppedMs };
}

async function present(
  { qmp, directory }: BareGuest,
  credentials: Credentials,
  peerAuthorityPem: string,
): Promise<void> {
  const files = join(directory, "tls");
  mkdirSync(files, { mode: 0o700 });
  for (const [file, content] of Object.entries(credentialFiles(credentials, peerAuthorityPem)))
    writeFileSync(join(files, file), content);
  await loadCredentials(qmp, credentials.side, files);
  rmSync(files, { recursive: true });
}

async function untilCopies(qmp: QmpClient, isReached: (copy: DiskCopy) => boolean): Promise<void> {
  for (;;) {
    const copies = await observeCopies(qmp);
    const failed = copies.find(({ error }) => error !== undefined);
    if (failed) throw new Error(`${failed.id}: ${failed.error}`);
    if (copies.every(isReached)) return;
    await delay(lookMs);
  }
}

function migrationReaches(qmp: QmpClient, status: string): Promise<QmpEvent> {
  return nextEvent(qmp, "MIGRATION", (data) => data["status"] === status);
}

function nextEvent(
  qmp: QmpClient,
  event: string,
  isIt: (data: QmpEvent["data"]) => boolean = () => true,
): Promise<QmpEvent> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${longestMs} ms`)), longestMs);
    const forget = qmp.onEvent((each) => {
      if (each.event !== event || !isIt(each.data)) return;
      clearTimeout(timer);
      forget();
      resolve(each);
    });
  });
}
