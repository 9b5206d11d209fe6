/** One end of a migration on this node, as its agent sees it. Plain data, never changed. */
import type { Pod } from "../../../api/core.ts";
import type { MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { ObservedCapacity } from "../../qemu/capacity/capacity.ts";
import type { ObservedDevices } from "../../qemu/devices/observe.ts";
import type { MigrationInfo, RunState } from "../../qemu/qmp/commands.ts";
import type { DiskObservation } from "../disks/observe-disk.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import type { DiskCopy } from "./copies.ts";
import type { MigrationRecord } from "./records.ts";

export interface EndObservation {
  key: string;
  nowMs: number;
  vmi: VirtualMachineInstance;
  state: MigrationState;
  migrationUid: string;
  pod: Pod;
  qemu: QemuProcess;
  runState: RunState;
  transfer: MigrationInfo;
  /** Of disks, away from this QEMU. */
  copies: readonly DiskCopy[];
  /** A copy. */
  record: MigrationRecord;
}

export interface SourceObservation extends EndObservation {
  /** The other end, when it is on this node. */
  targetPod: Pod | undefined;
}

export interface TargetObservation extends EndObservation {
  /** The other end, when it is on this node. */
  source: { pod: Pod; qemu: QemuProcess } | undefined;
  /** Its QEMU has been told, and was able, to run a guest whose memory is still to come. */
  postcopyReady: boolean;
  /** Looked at while it is prepared. */
  room: Room | undefined;
}

/** What a guest needs in its new place before it can move in. */
export interface Room {
  disks: readonly DiskObservation[];
  devices: ObservedDevices;
  capacity: ObservedCapacity;
  networkReady: boolean;
  consoleOpen: boolean;
}
