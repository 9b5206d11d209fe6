/**
 * The target's agent: it makes room for the guest, and lets it run only once the register says that it is the target's. Pure.
 *
 *   (between two nodes: the source introduces itself)
 *   QEMU waits ──▶ disks, network, devices ──▶ listens ──offer──▶ guest arrives, stands still
 *   (inmigrate)                                                        │
 *                             decided for the target: run ──finish──▶  │
 *                             decided for the source: quit         ◀───┘
 *
 * A guest in postcopy arrives, and runs, while part of its memory is still at the source: it is there for good (finish) once that has come,
 * and lost when the connection breaks before (kill).
 *
 * QEMU is started with `-S`, so a guest that has arrived waits; and with `late-block-activate` it does not touch its disks before.
 */
import { isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import { decisionOf } from "../../../api/kubevirt/migration/migration.ts";
import * as register from "../../../api/kubevirt/migration/register.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import { type Capacity, type CapacityAction, planCapacity } from "../../qemu/capacity/capacity.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
import { complete, planDevices } from "../../qemu/devices/plan.ts";
import { timestamp } from "../../runtime/conditions.ts";
import type { NamedSource } from "../disks/disk-source.ts";
import { desiredDevices, guestInterfaces } from "../domain/desired-devices.ts";
import { receivingDevices } from "./moved-disks.ts";
import type { Room, TargetObservation } from "./observation.ts";
import { isInPostcopy } from "./postcopy.ts";
import { transportOf } from "./transport.ts";

export type TargetDecision =
  | { type: "offer"; offer: register.Offer }
  | { type: "finish" }
  | { type: "decideSource"; reason: string };

type Step<T extends string> = { type: T; observation: TargetObservation };
export type TargetAction =
  | Step<"connectNetwork">
  | Step<"openConsole">
  | (Step<"takeDisk"> & { disk: NamedSource })
  | (Step<"changeDevice"> & { change: DeviceAction })
  | (Step<"changeCapacity"> & { change: CapacityAction })
  | Step<"listen">
  | Step<"stopExports">
  | Step<"run">
  | Step<"quit">
  | Step<"kill">;

/** What is to be written into the register. */
export function decideAtTarget(observation: TargetObservation): TargetDecision | undefined {
  const { state, record } = observation;
  if (state.completed) return undefined;
  if (decisionOf(state) === "target") return isThere(observation) ? { type: "finish" } : undefined;
  if (record.failure !== undefined) return { type: "decideSource", reason: record.failure };
  const address = observation.pod.status?.podIP;
  const isReady = isListening(observation) && state.targetNode !== undefined && !state.targetNodeAddress;
  return isReady && address ? offerOf(observation, address) : undefined;
}

/** An agent that was restarted since its QEMU listens does not know any more by what the source is to know it. */
function offerOf({ state, record, postcopyReady }: TargetObservation, address: string): TargetDecision {
  const postCopy = postcopyReady || !state.migrationConfiguration?.allowPostCopy;
  if (transportOf(state) === "unix") return { type: "offer", offer: { address, targetAuthority: undefined, postCopy } };
  const targetAuthority = record.credentials?.authorityPem;
  if (targetAuthority !== undefined) return { type: "offer", offer: { address, targetAuthority, postCopy } };
  return { type: "decideSource", reason: "Live migration failed: the node agent of the target was restarted" };
}

/** The register as `decision` leaves it. */
export function enterTargetDecision(
  vmi: VirtualMachineInstance,
  migrationUid: string,
  decision: TargetDecision,
  nowMs: number,
): VirtualMachineInstanceStatus | undefined {
  const now = timestamp(new Date(nowMs));
  if (decision.type === "offer") return register.offer(vmi, migrationUid, decision.offer);
  if (decision.type === "finish") return register.finish(vmi, migrationUid, now);
  return register.decideSource(vmi, migrationUid, { reason: decision.reason, now });
}

export function planTarget(observation: TargetObservation): TargetAction[] {
  return plans[decisionOf(observation.state)](observation);
}

const plans: Record<ReturnType<typeof decisionOf>, (observation: TargetObservation) => TargetAction[]> = {
  undecided: prepare,
  source: (observation) => [{ type: "quit", observation }],
  target: settle,
};

function settle(observation: TargetObservation): TargetAction[] {
  if (observation.state.completed) return [];
  if (observation.transfer.status === "postcopy-paused") return [{ type: "kill", observation }];
  return isWaiting(observation) ? [{ type: "run", observation }] : [];
}

function prepare(observation: TargetObservation): TargetAction[] {
  const { state, room, vmi } = observation;
  const isTls = transportOf(state) === "tls";
  if (isTls && hasArrived(observation)) return isSealed(observation) ? [] : [{ type: "stopExports", observation }];
  const isMine = state.targetNode !== undefined && (!isTls || state.transport?.sourceAuthority !== undefined);
  if (!isMine || room === undefined || isListening(observation)) return [];
  const actions = [...furnish(observation, room)];
  if (actions.length > 0) return actions;
  const desired = isTls ? receivingDevices(vmi, room.disks) : desiredDevices(vmi, room.disks);
  if (!complete(desired, room.devices))
    return planDevices(desired, room.devices).map((change) => ({ type: "changeDevice", observation, change }));
  const plugged = planCapacity(presentCapacity(vmi), room.capacity);
  if (plugged.length > 0) return plugged.map((change) => ({ type: "changeCapacity", observation, change }));
  return [{ type: "listen", observation }];
}

/** The processors that the guest has at its source; its memory comes with it. What it is still to get it gets afterwards. */
function presentCapacity({ status }: VirtualMachineInstance): Capacity {
  return { sockets: status?.currentCPUTopology?.sockets ?? 0, hotMemoryBytes: 0 };
}

function furnish(observation: TargetObservation, room: Room): TargetAction[] {
  const { vmi } = observation;
  const needsNetwork = !room.networkReady && guestInterfaces(vmi).length > 0;
  const needsConsole = !room.consoleOpen && vmi.spec.domain.devices.autoattachSerialConsole !== false;
  return [
    ...(needsNetwork ? [{ type: "connectNetwork", observation } as const] : []),
    ...(needsConsole ? [{ type: "openConsole", observation } as const] : []),
    ...room.disks
      .filter((disk) => disk.image === undefined)
      .map((disk) => ({ type: "takeDisk", observation, disk }) as const),
  ];
}

/** All of its memory, and before that all of its disks. */
function hasArrived({ runState, transfer }: TargetObservation): boolean {
  return runState === "paused" && transfer.status === "completed";
}

/** What can be done before it is decided shortens the time for which the guest stands still. */
function isSealed({ record, qemu }: TargetObservation): boolean {
  return record.sealed === qemu.pid;
}

/** QEMU shows an address from the moment it waits for the sender. */
function isListening({ transfer }: TargetObservation): boolean {
  return transfer["socket-address"] !== undefined || transfer.status !== undefined;
}

/** The guest has arrived and stands still, and its user does not want it to. */
function isWaiting(observation: TargetObservation): boolean {
  return !observation.state.completed && observation.runState === "paused" && !isPausedByUser(observation);
}

/** It runs, or does anything else that only a guest that has arrived can do, and nothing of it is elsewhere any more. */
function isThere(observation: TargetObservation): boolean {
  const isUp = !["inmigrate", "prelaunch"].includes(observation.runState) && !isWaiting(observation);
  return isUp && !isInPostcopy(observation.transfer.status);
}

function isPausedByUser({ vmi }: TargetObservation): boolean {
  return isConditionTrue(vmi.status?.conditions, vmiConditions.paused);
}
