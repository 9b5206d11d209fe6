/**
 * What to do next for one virtual machine. Pure: ordered steps, of which the first that has something to do, or
 * something to wait for, decides; the next look decides the next step.
 */
import { complete, planDevices } from "../../qemu/devices/plan.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
import { TerminalError } from "../../base/errors.ts";
import type { CredentialObservation } from "../credentials/observe.ts";
import type { NamedSource } from "../disks/disk-source.ts";
import { planDisks } from "../hotplug/plan.ts";
import type { Pinning } from "../processors/pins.ts";
import { mustStart } from "../memory-dump/status.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import type { CapacityAction } from "../../qemu/capacity/capacity.ts";
import { mustBringOnline, grownTo, planGrowth } from "./desired-capacity.ts";
import { devicesAtStart, guestInterfaces } from "./desired-devices.ts";
import { type LinkChange, planLinks } from "./links.ts";
import { planNics } from "./plug-nics.ts";
import { hasPanicked, hasStarted, isFinal, type Observation } from "./observation.ts";

interface Target {
  observation: Observation;
  qemu: QemuProcess;
}

export type Action =
  | (Target & { type: "connectNetwork" })
  | (Target & { type: "prepareDisk"; disk: NamedSource })
  | (Target & { type: "changeDevice"; change: DeviceAction })
  | (Target & { type: "pinThreads"; pinning: Pinning })
  | (Target & { type: "changeCapacity"; change: CapacityAction })
  | (Target & { type: "setLink"; change: LinkChange })
  | (Target & { type: "bringOnline"; capacity: string })
  | (Target & { type: "refuse"; error: TerminalError })
  | (Target & { type: "start" })
  | (Target & { type: "quit" })
  | (Target & { type: "openConsole" })
  | (Target & { type: "askGuest" })
  | (Target & { type: "handOverCredentials"; credentials: CredentialObservation })
  | (Target & { type: "dumpMemory" })
  | (Target & { type: "finishReboot" });

/** Undefined: not my business, ask the next. */
type Step = (observation: Observation, qemu: QemuProcess) => Action[] | undefined;

const steps: readonly Step[] = [finishReboot, tendStarted, abandonDeleted, prepare, attach, pin, start];

export function plan(observation: Observation): Action[] {
  const { qemu, vmi } = observation;
  if (qemu === undefined || observation.machine === undefined) return [];
  if (hasPanicked(observation)) return [{ type: "quit", observation, qemu }];
  if (isFinal(vmi)) return [];
  for (const step of steps) {
    const actions = step(observation, qemu);
    if (actions !== undefined) return actions;
  }
  return [];
}

/** The guest has shut down and QEMU was told to wait: only a soft reboot does that. */
function finishReboot(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  if (observation.machine?.runState !== "shutdown") return undefined;
  return [{ type: isDeleted(observation) ? "quit" : "finishReboot", observation, qemu }];
}

/**
 * A started guest needs only what a crash of ours could have taken from it, what its agent is told and asked, what its instance has more of,
 * NICs and claims that come and go, and a dump of its memory when one is asked for.
 */
function tendStarted(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  if (!hasStarted(observation.machine)) return undefined;
  const { credentials } = observation;
  return [
    ...(needsNetwork(observation) ? [{ type: "connectNetwork", observation, qemu } as const] : []),
    ...(needsConsole(observation) ? [{ type: "openConsole", observation, qemu } as const] : []),
    ...(pin(observation, qemu) ?? []),
    ...(observation.guestDue ? [{ type: "askGuest", observation, qemu } as const] : []),
    ...planLinks(observation).map((change) => ({ type: "setLink", observation, qemu, change }) as const),
    ...grow(observation, qemu),
    ...(credentials?.due ? [{ type: "handOverCredentials", observation, qemu, credentials } as const] : []),
    ...(needsNetwork(observation) ? [] : changeDevices(observation, qemu, planNics)),
    ...changeDevices(observation, qemu, planDisks),
    ...(mustStart(observation) ? [{ type: "dumpMemory", observation, qemu } as const] : []),
  ];
}

/** First everything is there, then the guest is told to use it. */
function grow(observation: Observation, qemu: QemuProcess): Action[] {
  const changes = planGrowth(observation);
  if (changes.length > 0) return changes.map((change) => ({ type: "changeCapacity", observation, qemu, change }));
  if (!observation.machine || !mustBringOnline(observation)) return [];
  const capacity = grownTo(observation.machine);
  return observation.onlineAsked === capacity ? [] : [{ type: "bringOnline", observation, qemu, capacity }];
}

/** That there is no place for one more is no reason to neglect the others. */
function changeDevices(
  observation: Observation,
  qemu: QemuProcess,
  decide: (observation: Observation) => DeviceAction[],
): Action[] {
  try {
    return decide(observation).map((change) => ({ type: "changeDevice", observation, qemu, change }));
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    return [{ type: "refuse", observation, qemu, error }];
  }
}

/** No guest runs yet that could be asked to shut down. */
function abandonDeleted(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  return isDeleted(observation) ? [{ type: "quit", observation, qemu }] : undefined;
}

function isDeleted({ vmi, pod }: Observation): boolean {
  return vmi.metadata?.deletionTimestamp !== undefined || pod.metadata?.deletionTimestamp !== undefined;
}

function prepare(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const missing = observation.disks.filter((disk) => disk.image === undefined);
  const actions: Action[] = [
    ...(needsNetwork(observation) ? [{ type: "connectNetwork", observation, qemu } as const] : []),
    ...(needsConsole(observation) ? [{ type: "openConsole", observation, qemu } as const] : []),
    ...missing.map((disk) => ({ type: "prepareDisk", observation, qemu, disk }) as const),
  ];
  return actions.length > 0 ? actions : undefined;
}

function needsConsole({ vmi, consoleOpen }: Observation): boolean {
  return !consoleOpen && vmi.spec.domain.devices.autoattachSerialConsole !== false;
}

function needsNetwork(observation: Observation): boolean {
  return !observation.networkReady && guestInterfaces(observation.vmi).length > 0;
}

function attach(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const { machine } = observation;
  if (machine === undefined) return [];
  const changes = planDevices(devicesAtStart(observation), machine.devices);
  if (changes.length === 0) return undefined;
  return changes.map((change): Action => ({ type: "changeDevice", observation, qemu, change }));
}

/** Before the guest's first instruction, and again whenever the kubelet changed what the container has. */
function pin(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const { pinning } = observation;
  const isDone = pinning === undefined || pinning.pins?.length === 0;
  return isDone ? undefined : [{ type: "pinThreads", observation, qemu, pinning }];
}

function start(observation: Observation, qemu: QemuProcess): Action[] | undefined {
  const { vmi, machine } = observation;
  // A guest that was Running and is in `prelaunch` was paused by its user and reset then.
  if (vmi.status?.phase !== "Scheduled" || vmi.spec.startStrategy === "Paused") return [];
  if (machine === undefined || !complete(devicesAtStart(observation), machine.devices)) return [];
  return [{ type: "start", observation, qemu }];
}
