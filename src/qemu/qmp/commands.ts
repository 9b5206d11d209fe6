/** The monitor commands vmpod uses: their arguments and answers (qapi/*.json of QEMU 7.2 to 10). */

export type RunState =
  | "prelaunch"
  | "running"
  | "paused"
  | "shutdown"
  | "guest-panicked"
  | "inmigrate"
  | "postmigrate"
  | "finish-migrate"
  | "restore-vm"
  | "save-vm"
  | "suspended"
  | "watchdog"
  | "internal-error"
  | "io-error"
  | "colo"
  | "debug";

export interface QueryStatus {
  running: boolean;
  status: RunState;
}

export interface PciDevice {
  bus: number;
  slot: number;
  function: number;
  qdev_id: string;
  pci_bridge?: { bus: { number: number }; devices?: PciDevice[] };
}

export interface BlockDevice {
  device: string;
  qdev?: string;
  type: string;
  removable: boolean;
  locked: boolean;
  tray_open?: boolean;
  inserted?: { "node-name"?: string; file: string; ro: boolean; drv: string; image?: { "virtual-size": number } };
}

export interface NamedBlockNode {
  "node-name"?: string;
  drv: string;
  file: string;
  ro: boolean;
  image?: { "virtual-size": number };
}

/** Since QEMU started; times in nanoseconds. */
export interface BlockStatistics {
  rd_bytes: number;
  wr_bytes: number;
  rd_operations: number;
  wr_operations: number;
  flush_operations: number;
  rd_total_time_ns: number;
  wr_total_time_ns: number;
  flush_total_time_ns: number;
}

/** Of the last dump of guest memory, or that under way; in bytes. */
export interface DumpInfo {
  status: "none" | "active" | "completed" | "failed";
  completed: number;
  total: number;
}

export interface DirtyRate {
  status: "unstarted" | "measuring" | "measured";
  /** MiB a second; present when it was measured. */
  "dirty-rate"?: number;
}

export interface VncInfo {
  enabled: boolean;
  clients?: unknown[];
}

export type MigrationStatus =
  | "none"
  | "setup"
  | "cancelling"
  | "cancelled"
  | "active"
  | "postcopy-active"
  | "postcopy-paused"
  | "postcopy-recover"
  | "completed"
  | "failed"
  | "colo"
  | "pre-switchover"
  | "device"
  | "wait-unplug";

export interface MigrationInfo {
  /** Absent: this QEMU has neither sent nor received a guest. */
  status?: MigrationStatus;
  ram?: {
    remaining: number;
    transferred: number;
    total: number;
    "dirty-pages-rate"?: number;
    "page-size"?: number;
    /** Megabits a second. */
    mbps?: number;
    /** Passes over the memory that were begun. */
    "dirty-sync-count"?: number;
    /** Of the memory, sent since the switch to postcopy. */
    "postcopy-bytes"?: number;
  };
  /** Milliseconds. */
  downtime?: number;
  "error-desc"?: string;
  /** Where it waits for a guest. */
  "socket-address"?: unknown[];
}

export type MigrationCapability =
  | "events"
  | "return-path"
  | "late-block-activate"
  | "auto-converge"
  | "pause-before-switchover"
  | "postcopy-ram";

export interface MigrationParameters {
  /** Bytes a second. */
  "max-bandwidth"?: number;
  /** Milliseconds. */
  "downtime-limit"?: number;
  /** Id of a `tls-creds-x509` object; empty for none. */
  "tls-creds"?: string;
  /** The name in the peer's certificate. */
  "tls-hostname"?: string;
}

export type JobStatus =
  | "undefined"
  | "created"
  | "running"
  | "paused"
  | "ready"
  | "standby"
  | "waiting"
  | "pending"
  | "aborting"
  | "concluded"
  | "null";

export interface JobInfo {
  id: string;
  type: string;
  status: JobStatus;
  "current-progress": number;
  "total-progress": number;
  error?: string;
}

export interface MirrorOptions {
  "job-id": string;
  device: string;
  target: string;
  sync: "full" | "top" | "none";
  "copy-mode": "background" | "write-blocking";
  "auto-dismiss"?: boolean;
}

export interface ExportOptions {
  type: "nbd";
  id: string;
  "node-name": string;
  /** What clients call it. */
  name: string;
  writable: boolean;
}

/** The client's end of a socket. */
export interface ChardevOptions {
  id: string;
  backend: { type: "socket"; data: { addr: { type: "unix"; data: { path: string } }; server: false } };
}

export interface InetAddress {
  host: string;
  port: string;
}

/** A place for a processor; it is taken when there is a path. */
export interface HotPluggableCpu {
  type: string;
  "vcpus-count": number;
  props: { "node-id"?: number; "socket-id"?: number; "core-id"?: number; "thread-id"?: number };
  "qom-path"?: string;
}

export interface CpuDefinition {
  name: string;
  "unavailable-features"?: string[];
  "alias-of"?: string;
}

/** Features as booleans, and a few numbers and words beside them. */
export interface CpuModel {
  name: string;
  props?: Record<string, unknown>;
}

/** QEMU's block graph nodes are open unions; `driver` and `node-name` are all we rely on. */
export type BlockdevOptions = { driver: string; "node-name": string } & Record<string, unknown>;
export type DeviceOptions = { driver: string; id: string } & Record<string, unknown>;
export type NetdevOptions = { type: string; id: string } & Record<string, unknown>;

type None = Record<string, never>;
type Command<Args, Answer> = { args: Args; answer: Answer };

export interface QmpCommands {
  qmp_capabilities: Command<{ enable?: string[] }, None>;
  "query-status": Command<None, QueryStatus>;
  "query-version": Command<None, { qemu: { major: number; minor: number; micro: number }; package: string }>;
  "query-kvm": Command<None, { enabled: boolean; present: boolean }>;
  "query-name": Command<None, { name?: string }>;
  "query-uuid": Command<None, { UUID: string }>;
  "query-pci": Command<None, { bus: number; devices: PciDevice[] }[]>;
  "query-block": Command<None, BlockDevice[]>;
  "query-blockstats": Command<None, { qdev?: string; stats: BlockStatistics }[]>;
  "calc-dirty-rate": Command<{ "calc-time": number }, None>;
  "query-dirty-rate": Command<None, DirtyRate>;
  /** The guest stands still until it is done. */
  "dump-guest-memory": Command<{ paging: boolean; protocol: `file:${string}`; detach?: boolean }, None>;
  "query-dump": Command<None, DumpInfo>;
  "query-named-block-nodes": Command<{ flat?: boolean }, NamedBlockNode[]>;
  "query-vnc": Command<None, VncInfo>;
  "query-balloon": Command<None, { actual: number }>;
  "query-cpus-fast": Command<None, { "cpu-index": number; "thread-id": number }[]>;
  /** Cuts connections, without a word to who is at their other end. */
  yank: Command<{ instances: { type: "block-node"; "node-name": string }[] }, None>;
  "query-hotpluggable-cpus": Command<None, HotPluggableCpu[]>;
  "query-cpu-definitions": Command<None, CpuDefinition[]>;
  "query-cpu-model-expansion": Command<{ type: "static" | "full"; model: CpuModel }, { model: CpuModel }>;
  "query-memory-size-summary": Command<None, { "base-memory": number; "plugged-memory"?: number }>;
  "query-chardev": Command<None, { label: string; filename: string; "frontend-open": boolean }[]>;
  "qom-list": Command<{ path: string }, { name: string; type: string }[]>;
  "qom-get": Command<{ path: string; property: string }, unknown>;
  "qom-set": Command<{ path: string; property: string; value: unknown }, None>;
  "device-list-properties": Command<{ typename: string }, { name: string; type: string }[]>;
  "blockdev-add": Command<BlockdevOptions, None>;
  "blockdev-del": Command<{ "node-name": string }, None>;
  "blockdev-reopen": Command<{ options: BlockdevOptions[] }, None>;
  "blockdev-open-tray": Command<{ id: string; force?: boolean }, None>;
  "blockdev-close-tray": Command<{ id: string }, None>;
  "blockdev-insert-medium": Command<{ id: string; "node-name": string }, None>;
  "blockdev-remove-medium": Command<{ id: string }, None>;
  block_resize: Command<{ "node-name": string; size: number }, None>;
  "object-add": Command<{ "qom-type": string; id: string } & Record<string, unknown>, None>;
  "object-del": Command<{ id: string }, None>;
  "chardev-add": Command<ChardevOptions, None>;
  device_add: Command<DeviceOptions, None>;
  device_del: Command<{ id: string }, None>;
  netdev_add: Command<NetdevOptions, None>;
  netdev_del: Command<{ id: string }, None>;
  set_link: Command<{ name: string; up: boolean }, None>;
  balloon: Command<{ value: number }, None>;
  cont: Command<None, None>;
  stop: Command<None, None>;
  system_powerdown: Command<None, None>;
  system_reset: Command<None, None>;
  system_wakeup: Command<None, None>;
  quit: Command<None, None>;
  screendump: Command<{ filename: string; device?: string; head?: number; format?: "png" | "ppm" }, None>;
  "send-key": Command<{ keys: { type: "qcode"; data: string }[]; "hold-time"?: number }, None>;
  "set-action": Command<{ reboot?: "reset" | "shutdown"; shutdown?: "poweroff" | "pause" }, None>;
  "query-migrate": Command<None, MigrationInfo>;
  "migrate-set-capabilities": Command<{ capabilities: { capability: MigrationCapability; state: boolean }[] }, None>;
  "query-migrate-capabilities": Command<None, { capability: string; state: boolean }[]>;
  "migrate-start-postcopy": Command<None, None>;
  "migrate-set-parameters": Command<MigrationParameters, None>;
  "migrate-incoming": Command<{ uri: string }, None>;
  migrate: Command<{ uri: string }, None>;
  migrate_cancel: Command<None, None>;
  "migrate-continue": Command<{ state: MigrationStatus }, None>;
  "query-jobs": Command<None, JobInfo[]>;
  "job-cancel": Command<{ id: string }, None>;
  "job-dismiss": Command<{ id: string }, None>;
  "blockdev-mirror": Command<MirrorOptions, None>;
  /** Of a mirror that is ready: ends it with both sides equal. */
  "block-job-cancel": Command<{ device: string; force?: boolean }, None>;
  "nbd-server-start": Command<{ addr: { type: "inet"; data: InetAddress }; "tls-creds": string }, None>;
  "nbd-server-stop": Command<None, None>;
  "block-export-add": Command<ExportOptions, None>;
  /** For people, and not stable; refused without TCG. */
  "x-query-jit": Command<None, { "human-readable-text": string }>;
  "human-monitor-command": Command<{ "command-line": string }, string>;
}

export type QmpCommand = keyof QmpCommands;
