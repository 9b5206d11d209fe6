/** What is known of one guest at one moment. Whatever did not answer in time is absent: a hung guest costs its numbers, not the scrape. */
import type { BlockStatistics, DirtyRate, MigrationInfo } from "../../qemu/qmp/commands.ts";
import type { GuestFilesystem, GuestLoad } from "../../qemu/guest-agent/queries.ts";
import type { InterfaceCounters } from "./interface-counters.ts";
import type { ProcessorTime, ThreadSample } from "./processor-time.ts";

export interface MachineSample {
  /** Of the vCPUs, as QEMU says: `running`, `paused` ... */
  state: string;
  time?: ProcessorTime;
  residentBytes?: number;
  /** By the vCPU's number. */
  vcpus?: ReadonlyMap<number, ThreadSample>;
  memoryBytes?: number;
  balloonBytes?: number;
  /** As the balloon's driver in the guest tells, by QEMU's names. */
  guestMemory?: Readonly<Record<string, number>>;
  /** By disk. */
  drives?: ReadonlyMap<string, BlockStatistics>;
  /** By interface of the machine. */
  interfaces?: ReadonlyMap<string, InterfaceCounters>;
  migration?: MigrationInfo;
  dirtyRate?: DirtyRate;
  filesystems?: readonly GuestFilesystem[];
  load?: GuestLoad;
  panics: number;
}
