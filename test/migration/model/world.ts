/** What there is in the model: the API's one copy of the instance, two agents with copies that lag behind, two QEMUs, a disk. */
import * as register from "../../../api/kubevirt/migration/register.ts";
import type { Pod } from "../../../api/core.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { someVmi } from "../../../src/node/domain/observation.fixture.ts";
import type { DiskCopy } from "../../../src/node/migration/copies.ts";
import { createMigrationRecords } from "../../../src/node/migration/records.ts";
import type { SourceAction } from "../../../src/node/migration/source.ts";
import type { TargetAction } from "../../../src/node/migration/target.ts";
import type { MigrationStatus, RunState } from "../../../src/qemu/qmp/commands.ts";

export const migrationUid = "migration";
export const now = "2026-01-01T00:00:00Z";

export interface Qemu {
  alive: boolean;
  runState: RunState;
  status: MigrationStatus | undefined;
  listening: boolean;
  copies: DiskCopy[];
  /** How often the guest has written to the disk, as far as this QEMU's copy of it knows. */
  written: number;
  /** It was told to switch to postcopy. */
  switching: boolean;
  /** Sent since then. */
  postcopyBytes: number;
  /** Its guest was made to stand still, to be moved so. */
  paused: boolean;
  hasRun: boolean;
}

export interface Agent<Action> {
  copy: VirtualMachineInstance;
  records: ReturnType<typeof createMigrationRecords>;
  /** What it is about to do. */
  todo: Action[];
}

export interface World {
  transport: Transport;
  nowMs: number;
  /** The guest writes less than can be sent: it leaves without being disturbed. */
  converges: boolean;
  /** The target's node permits postcopy. */
  permitsPostcopy: boolean;
  server: VirtualMachineInstance;
  migrationDeleted: boolean;
  source: Qemu;
  target: Qemu;
  agents: { source: Agent<SourceAction>; target: Agent<TargetAction> };
  controllerCopy: VirtualMachineInstance;
}

export type Transport = "unix" | "tls";

/** What may be done to a guest whose migration takes too long. */
export type Patience = "GiveUp" | "Paused" | "PostCopy" | "PostCopyNotPermitted";

export function newWorld(transport: Transport, patience: Patience = "GiveUp"): World {
  const volumes = transport === "tls" ? [{ name: "data", emptyDisk: { capacity: "1Mi" } }] : [];
  const disks = volumes.map(({ name }) => ({ name, disk: { bus: "virtio" } }));
  const vmi = someVmi({
    spec: { networks: [], volumes, domain: { memory: { guest: "128Mi" }, devices: { ...noGuestDevices, disks } } },
    status: { phase: "Running", nodeName: "node" },
  });
  const claimed = register.claim(vmi, {
    migrationUid,
    sourcePod: "source",
    sourceNode: "node",
    targetPod: "target",
    migrationConfiguration: {
      ...defaultConfiguration.migrations,
      allowPostCopy: patience.startsWith("PostCopy"),
      allowWorkloadDisruption: patience !== "GiveUp",
    },
  });
  const server = { ...vmi, status: claimed };
  const agent = () => ({ copy: server, records: createMigrationRecords(), todo: [] });
  const qemu = {
    alive: true,
    status: undefined,
    listening: false,
    written: 0,
    switching: false,
    postcopyBytes: 0,
    paused: false,
    hasRun: false,
  };
  return {
    transport,
    nowMs: Date.parse(now),
    converges: patience === "GiveUp",
    permitsPostcopy: patience === "PostCopy",
    server,
    migrationDeleted: false,
    source: { ...qemu, runState: "running", copies: [] },
    target: { ...qemu, runState: "inmigrate", copies: [] },
    agents: { source: agent(), target: agent() },
    controllerCopy: server,
  };
}

const noGuestDevices = { interfaces: [], autoattachSerialConsole: false };

/** Under the resource version: decided again when the copy was old. */
export function writeStatus(
  world: World,
  copy: VirtualMachineInstance,
  enter: (current: VirtualMachineInstance) => VirtualMachineInstance["status"],
): boolean {
  if (enter(copy) === undefined) return false;
  const status = enter(world.server);
  if (status === undefined) return false;
  world.server = { ...world.server, status };
  return true;
}

export function podOf(world: World, name: "source" | "target"): Pod {
  const { alive } = world[name];
  const nodeName = name === "target" && world.transport === "tls" ? "other" : "node";
  const state = alive ? { running: {} } : { terminated: { exitCode: 137 } };
  return {
    metadata: { name, uid: name, namespace: "default", creationTimestamp: now },
    spec: { nodeName, containers: [] },
    status: {
      phase: alive ? "Running" : "Failed",
      podIP: "10.0.0.1",
      containerStatuses: [{ name: "compute", image: "", imageID: "", ready: alive, restartCount: 0, state }],
    },
  };
}
