/** Looks at the ends of migrations that are on this node. Reads only. */
import type { Pod } from "../../../api/core.ts";
import { decisionOf } from "../../../api/kubevirt/migration/migration.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { observeCapacity } from "../../qemu/capacity/capacity.ts";
import { observeDevices } from "../../qemu/devices/observe.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { QmpClosed, QmpTimeout } from "../../qemu/qmp/errors.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { diskSources } from "../disks/disk-source.ts";
import { observeDisk } from "../disks/observe-disk.ts";
import { exitOf, launchersOf, type ObserveContext } from "../domain/observe.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import type { EndObservation, Room, SourceObservation, TargetObservation } from "./observation.ts";
import { observeCopies } from "./copies.ts";
import { progressOf, remainingBytes } from "./patience.ts";
import type { MigrationRecord, MigrationRecords } from "./records.ts";

export interface EndContext extends Omit<ObserveContext, "records" | "dumpPods" | "attachments"> {
  migrations: MigrationRecords;
  /** Enqueues the key soon. */
  lookAgain: (key: string) => void;
}

export async function observeSource(context: EndContext, key: string): Promise<SourceObservation | undefined> {
  const found = find(context, key, "sourcePod");
  const end = found && (await observeEnd(context, found));
  if (found === undefined || end === undefined) return undefined;
  const record = context.migrations.of(end.migrationUid);
  if (record.begun) record.progress = progressOf(record, remainingBytes(end.transfer, end.copies), end.nowMs);
  return { ...end, record: { ...record }, targetPod: found.other };
}

export async function observeTarget(context: EndContext, key: string): Promise<TargetObservation | undefined> {
  const found = find(context, key, "targetPod");
  const end = found && (await observeEnd(context, found));
  if (found === undefined || end === undefined) return undefined;
  const isOpen = decisionOf(end.state) === "undecided" && end.runState === "inmigrate";
  return {
    ...end,
    source: await otherEnd(context, found.other),
    postcopyReady: isOpen && (await isPostcopyReady(await context.monitors.of(key, end.qemu))),
    room: isOpen ? await observeRoom(context, end) : undefined,
  };
}

interface Found {
  key: string;
  vmi: VirtualMachineInstance;
  pod: Pod;
  other: Pod | undefined;
}

/** Undefined when this end is not on this node, or nothing is left to do at it. */
function find(context: EndContext, key: string, end: "sourcePod" | "targetPod"): Found | undefined {
  const { namespace, name } = parseObjectKey(key);
  const vmi = context.vmis.get(namespace, name);
  const state = vmi?.status?.migrationState;
  if (vmi === undefined || state === undefined || (state.completed && isSettled(state, end))) return undefined;
  const pods = launchersOf(context.launchers, vmi);
  const named = (wanted: string | undefined) => pods.find(({ metadata }) => metadata?.name === wanted);
  const pod = named(state[end]);
  return pod && { key, vmi, pod, other: named(state[end === "sourcePod" ? "targetPod" : "sourcePod"]) };
}

/** The winning target has nothing left to do. A source that keeps its guest may still have to let it go on. */
function isSettled(state: EndObservation["state"], end: "sourcePod" | "targetPod"): boolean {
  return end === "targetPod" && decisionOf(state) === "target";
}

async function observeEnd(context: EndContext, { key, vmi, pod }: Found): Promise<EndObservation | undefined> {
  const state = vmi.status?.migrationState ?? {};
  const qemu = await context.finder.find(pod.metadata?.uid ?? "");
  const looked = qemu && (await look(context, key, qemu));
  if (qemu === undefined || looked === undefined) {
    if (!state.completed && pod.status?.phase === "Running" && exitOf(pod) === undefined) context.lookAgain(key);
    return undefined;
  }
  const migrationUid = state.migrationUid ?? "";
  const record: MigrationRecord = context.migrations.of(migrationUid);
  return { key, nowMs: Date.now(), vmi, state, migrationUid, pod, qemu, ...looked, record: { ...record } };
}

type Look = Pick<EndObservation, "runState" | "transfer" | "copies">;

/** Undefined while QEMU has not opened its monitor yet, or has just closed it. */
async function look({ monitors }: EndContext, key: string, qemu: QemuProcess): Promise<Look | undefined> {
  try {
    return await ask(await monitors.of(key, qemu));
  } catch (error) {
    if (error instanceof QmpClosed || error instanceof QmpTimeout) return undefined;
    throw error;
  }
}

/** In this order, in which QEMU answers: when the transfer is over, the run state that is asked for after it is the one that stays. */
async function ask(qmp: QmpClient): Promise<Look> {
  const answers = [qmp.execute("query-migrate"), qmp.execute("query-status"), observeCopies(qmp)] as const;
  const [transfer, { status }, copies] = await Promise.all(answers);
  return { runState: status, transfer, copies };
}

async function otherEnd({ finder }: EndContext, pod: Pod | undefined): Promise<TargetObservation["source"]> {
  const qemu = pod && (await finder.find(pod.metadata?.uid ?? ""));
  return pod && qemu ? { pod, qemu } : undefined;
}

async function isPostcopyReady(qmp: QmpClient): Promise<boolean> {
  const capabilities = await qmp.execute("query-migrate-capabilities");
  return capabilities.some(({ capability, state }) => capability === "postcopy-ram" && state);
}

async function observeRoom(context: EndContext, { key, vmi, qemu, record }: EndObservation): Promise<Room> {
  const qmp = await context.monitors.of(key, qemu);
  const [devices, disks] = await Promise.all([
    observeDevices(qmp),
    Promise.all(diskSources(vmi.spec).map((source) => observeDisk(qemu.pid, source))),
  ]);
  return {
    devices,
    capacity: await observeCapacity(qmp, devices.devices),
    disks,
    networkReady: record.networkOf === qemu.pid,
    consoleOpen: context.consoles.tailOf(qemu) !== undefined,
  };
}
