/**
 * What to do next for one virtual machine. Pure: ordered steps, of which the first that has something to do, or
 * something to wait for, decides; the next look decides the next step.
 */
import { complete, planDevices } from "../../qemu/devices/plan.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
import type { NamedSource } from "../disks/disk-source.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { desiredDevices, podInterfaces } from "./desired-devices.ts";
import { hasStarted, isFinal, isHandedOver, type Observation } from "./observation.ts";

interface Target {
  observation: Observation;
  qemu: QemuProcess;
}

export type Action =
  | (Target & { type: "connectNetwork" })
  | (Target & { type: "prepareDisk"; disk: NamedSource })
  | (Target & { type: "changeDevice"; change: DeviceAction })
  | (Target & { type: "stopOnReboot" })
  | (Target & { type: "start" })
  | (Target & { type: "quit" });

/** Undefined: not my business, ask the next. */
type Step = (observation: Observation, qemu: QemuProcess) => Action[] | undefined;

const steps: readonly Step[] = [leaveStarted, abandonDeleted, prepare, attach, start];

export function plan(observation: Observation): Action[] {
  const { qemu, vmi } = observation;
  if (qemu === undefined || observation.machine === undefined || isFinal(vmi)) return [];
  for (const step of steps) {
    const actions = step(observation, qemu);
    if (actions !== undefined) return actions;
  }
  return [];
}

/** A running guest needs only what a crash of ours could have taken from it: who answers its DHCP requests. */
function leaveStarted(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  if (!hasStarted(observation.machine)) return undefined;
  return needsNetwork(observation) ? [{ type: "connectNetwork", observation, qemu }] : [];
}

/** No guest runs yet that could be asked to shut down. */
function abandonDeleted(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const deleted = observation.vmi.metadata?.deletionTimestamp ?? observation.pod.metadata?.deletionTimestamp;
  return deleted === undefined ? undefined : [{ type: "quit", observation, qemu }];
}

function prepare(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const missing = observation.disks.filter((disk) => disk.image === undefined);
  const actions: Action[] = [
    ...(needsNetwork(observation) ? [{ type: "connectNetwork", observation, qemu } as const] : []),
    ...missing.map((disk) => ({ type: "prepareDisk", observation, qemu, disk }) as const),
  ];
  return actions.length > 0 ? actions : undefined;
}

function needsNetwork(observation: Observation): boolean {
  return !observation.networkReady && podInterfaces(observation.vmi).length > 0;
}

function attach(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const { vmi, disks, machine } = observation;
  if (machine === undefined) return [];
  const changes = planDevices(desiredDevices(vmi, disks), machine.devices);
  if (changes.length === 0) return undefined;
  return [
    ...stopOnReboot(observation, qemu),
    ...changes.map((change): Action => ({ type: "changeDevice", observation, qemu, change })),
  ];
}

function start(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const { vmi, disks, machine } = observation;
  if (!isHandedOver(vmi) || vmi.spec.startStrategy === "Paused") return [];
  if (machine === undefined || !complete(desiredDevices(vmi, disks), machine.devices)) return [];
  return [...stopOnReboot(observation, qemu), { type: "start", observation, qemu }];
}

/** QEMU does not tell what it was set to, so it is told again with each step. */
function stopOnReboot(observation: Observation, qemu: QemuProcess): Action[] {
  const wanted = observation.vmi.spec.domain.rebootPolicy === "Terminate";
  return wanted ? [{ type: "stopOnReboot", observation, qemu }] : [];
}
