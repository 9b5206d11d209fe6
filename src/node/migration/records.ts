import type { Introduction } from "../../../api/kubevirt/migration/register.ts";
import type { Credentials } from "./credentials.ts";

/**
 * What the agent remembers of a migration between looks. It may be lost: then a migration of which it is not certain what
 * became is given up, and the guest stays where it is.
 */
export interface MigrationRecord {
  /** Written down by this agent that the transfer begins, and so it has yet to begin. */
  begun: boolean;
  /** QEMU was told to send. */
  sent: boolean;
  /** Of this end, between two nodes. They are nowhere else. */
  credentials: Credentials | undefined;
  /** What the source says of itself to the target. */
  introduction: Introduction | undefined;
  /** Pid of the source's QEMU that has the credentials. */
  presentedTo: number | undefined;
  /** Why the target's QEMU cannot run a guest whose memory is still to come. */
  postcopyObstacle: string | undefined;
  /** How long the source's QEMU may let the guest stand still, in ms. */
  pauseMs: number | undefined;
  /** Pid of the target's QEMU that takes no more copies of disks. */
  sealed: number | undefined;
  /** Why an end cannot do its part, whatever is tried. */
  failure: string | undefined;
  /** Bytes that were left at the last progress, and when that was. */
  progress: { remainingBytes: number; atMs: number } | undefined;
  /** Pid of the target's QEMU whose network is connected. */
  networkOf: number | undefined;
  /** When a QEMU of this guest last stopped and went on, by the host's clock. */
  stoppedMs: number | undefined;
  resumedMs: number | undefined;
}

export interface MigrationRecords {
  of(migrationUid: string): MigrationRecord;
}

/** As many as may be on at the same time, and then some. */
const rememberedMigrations = 256;

export function createMigrationRecords(): MigrationRecords {
  const records = new Map<string, MigrationRecord>();
  return {
    of(migrationUid) {
      const record = records.get(migrationUid) ?? emptyRecord();
      records.set(migrationUid, record);
      const [oldest] = records.keys();
      if (records.size > rememberedMigrations && oldest !== undefined) records.delete(oldest);
      return record;
    },
  };
}

function emptyRecord(): MigrationRecord {
  return {
    begun: false,
    sent: false,
    credentials: undefined,
    introduction: undefined,
    presentedTo: undefined,
    postcopyObstacle: undefined,
    pauseMs: undefined,
    sealed: undefined,
    failure: undefined,
    progress: undefined,
    networkOf: undefined,
    stoppedMs: undefined,
    resumedMs: undefined,
  };
}
