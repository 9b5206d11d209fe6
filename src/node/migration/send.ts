/** The source's QEMU is told to send its guest, and before that to copy its disks: see ./transport.ts. */
import { quantityToNumber } from "../../base/quantity.ts";
import { socketNames } from "../../qemu/domain/paths.ts";
import { copyId } from "../../qemu/domain/ids.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { QmpError } from "../../qemu/qmp/errors.ts";
import { startCopy } from "./copies.ts";
import { credentialsId, peerName, presentCredentials } from "./credentials.ts";
import { copiedDisks } from "./moved-disks.ts";
import type { SourceObservation } from "./observation.ts";
import { firstPauseMs, pauseAllowedMs } from "./pause-limit.ts";
import type { MigrationRecord } from "./records.ts";
import { setCapabilities } from "./set-capabilities.ts";
import { shareFile } from "../process/share-file.ts";
import { sendUri, tlsUri, transportOf } from "./transport.ts";

export interface Departure {
  observation: SourceObservation;
  /** The agent's own, not the observation's copy. */
  record: MigrationRecord;
  kubeletRoot: string;
}

/** QEMU takes no number for "as fast as it goes". */
const unlimitedBytesPerSecond = 2 ** 40;

export async function copyDisks(qmp: QmpClient, departure: Departure): Promise<void> {
  const { vmi, migrationUid, state, copies } = departure.observation;
  const begun = new Set(copies.map(({ id }) => id));
  await noteRefusal(departure, async () => {
    await introduceTo(qmp, departure);
    for (const { name } of copiedDisks(vmi)) {
      if (begun.has(copyId(migrationUid, name))) continue;
      await startCopy(qmp, { migrationUid, name, address: state.targetNodeAddress ?? "" });
    }
  });
}

export async function send(qmp: QmpClient, departure: Departure): Promise<void> {
  const { record, observation } = departure;
  const { state } = observation;
  const isTls = transportOf(state) === "tls";
  if (!isTls) await nameSocket(departure);
  await noteRefusal(departure, async () => {
    if (isTls) await introduceTo(qmp, departure);
    await configure(qmp, observation);
    record.sent = true;
    record.pauseMs = firstPauseMs;
    record.progress = undefined;
    await qmp.execute("migrate", { uri: isTls ? tlsUri(state.targetNodeAddress ?? "") : sendUri });
  });
}

export async function allowPause(qmp: QmpClient, { observation, record }: Departure): Promise<void> {
  record.pauseMs = pauseAllowedMs(observation.transfer);
  await qmp.execute("migrate-set-parameters", { "downtime-limit": record.pauseMs });
}

export function startPostcopy(qmp: QmpClient, record: MigrationRecord): Promise<void> {
  return noteRefusal({ record }, async () => void (await qmp.execute("migrate-start-postcopy")));
}

/** All of it anew: this QEMU may have sent or received in another way before. */
async function configure(qmp: QmpClient, { vmi, state }: SourceObservation): Promise<void> {
  const {
    allowAutoConverge = false,
    allowPostCopy = false,
    bandwidthPerMigration = "0",
  } = state.migrationConfiguration ?? {};
  const isTls = transportOf(state) === "tls";
  await setCapabilities(qmp, {
    events: true,
    "return-path": true,
    "auto-converge": allowAutoConverge,
    "postcopy-ram": allowPostCopy,
    "pause-before-switchover": isTls && copiedDisks(vmi).length > 0,
  });
  const limit = quantityToNumber(bandwidthPerMigration);
  await qmp.execute("migrate-set-parameters", {
    "downtime-limit": firstPauseMs,
    "max-bandwidth": limit > 0 ? limit : unlimitedBytesPerSecond,
    "tls-creds": isTls ? credentialsId("client") : "",
    "tls-hostname": isTls ? peerName : "",
  });
}

async function introduceTo(qmp: QmpClient, { observation, record }: Departure): Promise<void> {
  const { qemu, state } = observation;
  if (record.presentedTo === qemu.pid || record.credentials === undefined) return;
  await presentCredentials({ qmp, pid: qemu.pid }, record.credentials, state.transport?.targetAuthority ?? "");
  record.presentedTo = qemu.pid;
}

async function nameSocket({ kubeletRoot, observation: { pod, targetPod } }: Departure): Promise<void> {
  await shareFile({
    kubeletRoot,
    from: targetPod?.metadata?.uid ?? "",
    to: pod.metadata?.uid ?? "",
    volume: "run",
    name: socketNames.migration,
    as: socketNames.migrationTarget,
  });
}

/** What QEMU refuses now it will refuse again. */
async function noteRefusal({ record }: Pick<Departure, "record">, attempt: () => Promise<void>): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    record.failure = `Live migration failed: ${error.message}`;
  }
}
