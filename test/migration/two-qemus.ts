/**
 * A model of everything around the decisions of a migration: the API's one copy of the instance, agents with copies that lag
 * behind and that may die between any two of their steps, and two QEMUs with the run states that real ones go through. What decides
 * is the product's own code.
 *
 * Between two nodes there is a disk, too: the guest writes to it whenever it runs, and each QEMU has its own copy of it.
 */
import assert from "node:assert/strict";
import { controllerPlan } from "./controller-plan.ts";
import type { Pod } from "../../api/core.ts";
import { defaultConfiguration } from "../../api/kubevirt/configuration.ts";
import * as register from "../../api/kubevirt/migration-register.ts";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { noDevices, someVmi } from "../../src/node/domain/observation.fixture.ts";
import type { DiskCopy } from "../../src/node/migration/copies.ts";
import { firstPauseMs } from "../../src/node/migration/pause-limit.ts";
import { createMigrationRecords } from "../../src/node/migration/records.ts";
import { decideAtSource, enterDecision, planSource, type SourceAction } from "../../src/node/migration/source.ts";
import { decideAtTarget, enterTargetDecision, planTarget, type TargetAction } from "../../src/node/migration/target.ts";
import type { MigrationStatus, RunState } from "../../src/qemu/qmp/commands.ts";

export const migrationUid = "migration";
const now = "2026-01-01T00:00:00Z";

interface Qemu {
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

interface Agent<Action> {
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
  version: number;
  migrationDeleted: boolean;
  source: Qemu;
  target: Qemu;
  agents: { source: Agent<SourceAction>; target: Agent<TargetAction> };
  controllerCopy: VirtualMachineInstance;
}

export type Step =
  | { type: "look"; who: "source" | "target" | "controller" }
  | { type: "act"; who: "source" | "target" }
  | { type: "crash"; who: "source" | "target" }
  | { type: "catchUp"; who: "source" | "target" | "controller" }
  | { type: "qemu"; fails: boolean }
  | { type: "disk"; fails: boolean }
  | { type: "wait" }
  | { type: "kill"; who: "source" | "target" }
  | { type: "abort" }
  | { type: "deleteInstance" };

type Transport = "unix" | "tls";

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
    version: 1,
    migrationDeleted: false,
    source: { ...qemu, runState: "running", copies: [] },
    target: { ...qemu, runState: "inmigrate", copies: [] },
    agents: { source: agent(), target: agent() },
    controllerCopy: server,
  };
}

const noGuestDevices = { interfaces: [], autoattachSerialConsole: false };
const withDisk = { ...noDevices, devices: new Map([["disk-data", "virtio-blk-pci"]]) };

export function play(world: World, step: Step): void {
  write(world);
  switch (step.type) {
    case "look":
      return look(world, step.who);
    case "act":
      return act(world, step.who);
    case "crash": {
      const agent = world.agents[step.who];
      agent.records = createMigrationRecords();
      agent.copy = world.server;
      agent.todo = [];
      return;
    }
    case "catchUp":
      if (step.who === "controller") world.controllerCopy = world.server;
      else world.agents[step.who].copy = world.server;
      return;
    case "qemu":
      return advance(world, step.fails);
    case "disk":
      return advanceCopy(world, step.fails);
    case "wait":
      // Longer than the patience with a transfer, shorter than that with one whose guest stands still.
      world.nowMs += 160_000;
      return;
    case "kill":
      return end(world, step.who);
    case "abort":
      world.migrationDeleted = true;
      return;
    case "deleteInstance":
      world.server = { ...world.server, metadata: { ...world.server.metadata, deletionTimestamp: now } };
  }
}

/** The guest, when it runs at the source. A copy that is ready gets each write, too. */
function write({ source, target }: World): void {
  if (!source.alive || source.runState !== "running") return;
  source.written += 1;
  if (target.alive && source.copies[0]?.status === "ready") target.written = source.written;
}

/** The node agent's and the kubelet's part: an active launcher whose QEMU is gone ends the instance. */
export function reportEnds(world: World): void {
  const state = world.server.status?.migrationState;
  const active = state?.targetNodeDomainDetected ? world.target : world.source;
  if (!active.alive) world.server = { ...world.server, status: { ...world.server.status, phase: "Failed" } };
}

function look(world: World, who: "source" | "target" | "controller"): void {
  if (who === "source") lookAtSource(world);
  else if (who === "target") lookAtTarget(world);
  else lookAsController(world);
}

/** Under the resource version: decided again when the copy was old. */
function writeStatus(
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

function lookAtSource(world: World): void {
  const { source, agents } = world;
  if (!source.alive) return;
  const observation = { ...endOf(world, "source"), targetPod: podOf(world, "target") };
  const decision = decideAtSource(observation);
  const enter = (current: VirtualMachineInstance) =>
    decision && enterDecision(current, migrationUid, decision, observation.nowMs);
  const written = writeStatus(world, observation.vmi, enter);
  if (written && decision?.type === "begin") agents.source.records.of(migrationUid).begun = true;
  agents.source.todo = planSource(observation);
}

function lookAtTarget(world: World): void {
  const { target, agents } = world;
  if (!target.alive) return;
  const devices = world.transport === "tls" ? withDisk : noDevices;
  const room = { disks: [], devices, networkReady: true, consoleOpen: true };
  const isOpen = target.runState === "inmigrate";
  const postcopyReady = world.permitsPostcopy && target.listening;
  const end = endOf(world, "target");
  const observation = { ...end, source: undefined, postcopyReady, room: isOpen ? room : undefined };
  const decision = decideAtTarget(observation);
  const enter = (current: VirtualMachineInstance) =>
    decision && enterTargetDecision(current, migrationUid, decision, observation.nowMs);
  writeStatus(world, observation.vmi, enter);
  agents.target.todo = planTarget(observation);
}

function endOf(world: World, who: "source" | "target") {
  const agent = world.agents[who];
  const qemu = world[who];
  return {
    key: "default/one",
    nowMs: world.nowMs,
    vmi: agent.copy,
    state: agent.copy.status?.migrationState ?? {},
    migrationUid,
    pod: podOf(world, who),
    qemu: { pid: 1, startTicks: 1 },
    runState: qemu.runState,
    copies: [...qemu.copies],
    transfer: {
      ...(qemu.status && { status: qemu.status }),
      ram: { remaining: 1, transferred: 0, total: 1, "postcopy-bytes": qemu.postcopyBytes },
      ...(qemu.listening && { "socket-address": [{}] }),
    },
    record: { ...agent.records.of(migrationUid) },
  };
}

function podOf(world: World, name: "source" | "target"): Pod {
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

function lookAsController(world: World): void {
  const pods = [podOf(world, "source"), podOf(world, "target")];
  for (const enter of controllerPlan(world.controllerCopy, pods, world.migrationDeleted, now)) {
    writeStatus(world, world.controllerCopy, enter);
  }
}

function act(world: World, who: "source" | "target"): void {
  if (who === "source") actAtSource(world);
  else actAtTarget(world);
}

function actAtSource(world: World): void {
  const action = world.agents.source.todo.shift();
  if (action !== undefined && world.source.alive) atSource[action.type](world);
}

const atSource: Record<SourceAction["type"], (world: World) => void> = {
  introduce({ agents }) {
    const record = agents.source.records.of(migrationUid);
    record.credentials = someCredentials;
    record.introduction = { sourceAuthority: "source", disks: [] };
  },
  copy({ source, target, agents }) {
    if (source.copies.length > 0) return;
    if (target.alive && target.listening) source.copies = [copyThatIs("running")];
    else agents.source.records.of(migrationUid).failure = "connection refused";
  },
  send({ source, target, agents }) {
    agents.source.records.of(migrationUid).sent = true;
    const arrives = target.alive && target.listening && target.status === undefined;
    source.status = arrives ? "active" : "failed";
    if (arrives) target.status = "active";
  },
  finishCopies({ source, target }) {
    if (source.copies[0]?.status !== "ready") return;
    source.copies = [copyThatIs("concluded", target.alive ? undefined : "Input/output error")];
    if (target.alive) target.written = source.written;
  },
  continue({ source }) {
    if (source.status === "pre-switchover") source.status = "device";
  },
  allowPause({ agents }) {
    agents.source.records.of(migrationUid).pauseMs = firstPauseMs;
  },
  startPostcopy({ source, server }) {
    assert.equal(server.status?.migrationState?.migrationConfiguration?.allowPostCopy, true);
    if (source.status === "active") source.switching = true;
  },
  pause({ source }) {
    if (source.runState === "running") Object.assign(source, { runState: "paused", paused: true });
  },
  cancel(world) {
    if (isOnItsWay(world.source)) fail(world, "cancelled");
  },
  resume({ source, server }) {
    // "Migration is not finalized yet"
    if (source.runState === "finish-migrate") return;
    if (server.status?.migrationState?.failed) Object.assign(source, { runState: "running", paused: false });
  },
  dropCopies({ source }) {
    const isOver = source.copies[0]?.status === "concluded";
    source.copies = isOver ? [] : [copyThatIs("concluded", "Operation canceled")];
  },
  quit(world) {
    end(world, "source");
  },
  kill(world) {
    end(world, "source");
  },
};

const someCredentials = { side: "client", authorityPem: "authority", certificatePem: "", keyPem: "" } as const;

function copyThatIs(status: DiskCopy["status"], error?: string): DiskCopy {
  return { id: "copy-migratio-data", status, error, copiedBytes: 0, totalBytes: 0 };
}

function isOnItsWay({ status }: Qemu): boolean {
  return status === "active" || status === "pre-switchover" || status === "device";
}

function actAtTarget(world: World): void {
  const { target, agents } = world;
  const action = agents.target.todo.shift();
  if (action === undefined || !target.alive) return;
  if (action.type === "listen") {
    target.listening = true;
    agents.target.records.of(migrationUid).credentials = someCredentials;
  }
  if (action.type === "stopExports") agents.target.records.of(migrationUid).sealed = 1;
  if (action.type === "run" && target.runState === "paused")
    Object.assign(target, { runState: "running", hasRun: true });
  if (action.type === "quit" || action.type === "kill") end(world, "target");
}

/**
 * active -> (pre-switchover, until told to go on ->) device, source stopped -> target has it (paused) -> source completed
 * (postmigrate). The connection may break at any of them: until `completed` the source then goes on by itself, also when the target
 * has everything.
 *
 * Told to switch: active -> (pre-switchover ->) postcopy-active, still running -> stopped, target has the processors (paused) -> memory
 * follows -> completed. Before memory has followed a broken connection is a failure as ever, and afterwards it leaves both waiting.
 */
function advance(world: World, fails: boolean): void {
  const { source, target } = world;
  if (!source.alive) return;
  if (source.status === "postcopy-active") return advancePostcopy(world, fails);
  if (source.status !== "active" && source.status !== "device") return;
  if (fails || !target.alive) return fail(world, "failed");
  if (source.status === "active") {
    if (!(world.converges || source.switching || source.paused)) return;
    const isGated = world.transport === "tls";
    source.status = isGated ? "pre-switchover" : source.switching ? "postcopy-active" : "device";
    if (isGated || !source.switching) source.runState = "finish-migrate";
  } else if (source.switching) {
    source.status = "postcopy-active";
  } else if (target.runState === "inmigrate") {
    target.runState = "paused";
    target.status = "completed";
  } else {
    source.status = "completed";
    source.runState = "postmigrate";
  }
}

function advancePostcopy(world: World, fails: boolean): void {
  const { source, target } = world;
  if (source.postcopyBytes > 0 && (fails || !target.alive)) {
    source.status = "postcopy-paused";
    if (target.alive) target.status = "postcopy-paused";
  } else if (fails || !target.alive) {
    fail(world, "failed");
  } else if (target.runState === "inmigrate") {
    source.runState = "finish-migrate";
    Object.assign(target, { runState: "paused", status: "postcopy-active" });
  } else if (source.postcopyBytes === 0) {
    source.postcopyBytes = 1;
  } else {
    Object.assign(source, { status: "completed", runState: "postmigrate" });
    target.status = "completed";
  }
}

function advanceCopy({ source, target }: World, fails: boolean): void {
  const [copy] = source.copies;
  if (copy === undefined || copy.status === "concluded") return;
  const isWell = target.alive && !fails;
  source.copies = [isWell ? copyThatIs("ready") : copyThatIs("concluded", "Input/output error")];
  if (isWell) target.written = source.written;
}

function fail({ source, target }: World, status: MigrationStatus): void {
  source.status = status;
  source.runState = source.paused ? "paused" : "running";
  source.switching = false;
  // A target that lacks something ends, or waits for it if it can; one that has everything waits to be told.
  if (target.status === "postcopy-active") target.status = "postcopy-paused";
  if (target.runState === "inmigrate") target.alive = false;
}

function end(world: World, who: "source" | "target"): void {
  world[who].alive = false;
  const { source, target } = world;
  // One that waits to be told to go on does not notice.
  if (who === "target" && ["active", "device", "postcopy-active"].includes(source.status ?? "")) breakOff(world);
  if (who === "source" && target.runState === "inmigrate" && target.status === "active") target.alive = false;
  if (who === "source" && target.status === "postcopy-active") target.status = "postcopy-paused";
}

function breakOff(world: World): void {
  const { source } = world;
  if (source.alive && source.status === "postcopy-active") advancePostcopy(world, true);
  else if (source.alive) fail(world, "failed");
}
