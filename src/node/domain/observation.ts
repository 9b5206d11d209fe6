/**
 * One virtual machine on this node, as the agent sees it.
 *
 *                      QEMU found in /proc,            every disk and
 *      no QEMU yet ──▶ monitor answers ──▶ preparing ─▶ NIC attached ──▶ prepared ──cont──▶ running ⇄ paused
 *       (waiting)         (prelaunch)       files,        (prelaunch)       │                   │
 *                                           network                         │ deleted           │ SHUTDOWN, kill, crash
 *                                                                           ▼                   ▼
 *                                                                         quit ─────────────▶ ended
 *
 *      soft reboot: running ──power button──▶ shutdown (QEMU stays) ──reset, cont──▶ running
 *
 * The state is never stored: QEMU's run state (`prelaunch` before the first `cont`, `paused` only after it), its
 * devices, the files and the pod tell it. So an agent killed at any point continues where it was, and a guest that
 * its user paused is not mistaken for one that was never started.
 *
 * Invariants
 * - The agent sends `cont` only in `prelaunch`, with every device attached, to a VMI that was never Running: resetting
 *   a paused guest takes it back to `prelaunch`.
 * - Once the guest has run it is given processors and memory that its instance has more of, NICs come and go (plug-nics.ts), as claims do
 *   (../hotplug), and cables are plugged and unplugged (links.ts); nothing else is attached, removed or written.
 * - The agent never starts a QEMU: there is one per pod because the pod runs it.
 */
import type { ContainerExit } from "../../../api/kubevirt/end-events.ts";
import type { Pod } from "../../../api/core.ts";
import type { StartTrace } from "../../../api/kubevirt/start-trace.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { LinkState } from "./links.ts";
import type { ObservedCapacity } from "../../qemu/capacity/capacity.ts";
import type { ObservedDevices } from "../../qemu/devices/observe.ts";
import type { RunState } from "../../qemu/qmp/commands.ts";
import type { CredentialObservation } from "../credentials/observe.ts";
import type { DiskObservation } from "../disks/observe-disk.ts";
import type { DumpObservation } from "../memory-dump/observe.ts";
import type { GuestReport } from "../guest/guest-report.ts";
import type { PlugObservation } from "../hotplug/observe.ts";
import type { Pinning } from "../processors/pins.ts";
import type { QemuProcess } from "../process/find-qemu.ts";

export interface Observation {
  key: string;
  /** RFC 3339. */
  now: string;
  vmi: VirtualMachineInstance;
  /** The launcher on this node. */
  pod: Pod;
  /** How the container ended, if it has. */
  exit: ContainerExit | undefined;
  qemu: QemuProcess | undefined;
  /** Present once the monitor answers. */
  machine: MachineObservation | undefined;
  /** What SELinux calls its QEMU, `user:role:type:level`; `none` where there is no SELinux. */
  selinuxContext?: string | undefined;
  /** Where the threads of a machine with processors of its own are to run. */
  pinning?: Pinning | undefined;
  disks: readonly DiskObservation[];
  networkReady: boolean;
  /** Devices that the guest was asked to let go of a moment ago, by id. */
  unplugAsked: ReadonlySet<string>;
  /** The serial port is read, by us, as it must be once a guest writes to it. */
  consoleOpen: boolean;
  /** What the guest's agent said last, while it is connected. */
  guest: GuestReport | undefined;
  /** It is time to ask the guest's agent again. */
  guestDue: boolean;
  /** Its next answer may be another one soon: no address is known yet, or it was given a device a moment ago. */
  guestHasNews: boolean;
  /** What was done to the cables of its NICs since this agent runs, by interface. */
  links: ReadonlyMap<string, LinkState>;
  /** What the guest's agent has put to use since this agent runs, as `grownTo` names it. */
  broughtOnline: string | undefined;
  /** What it has been asked to, likewise. */
  onlineAsked: string | undefined;
  /** While the agent is connected, of a machine whose credentials go through it. */
  credentials: CredentialObservation | undefined;
  bootFailure: BootFailure | undefined;
  /** Of the dump of its memory that is asked for, if one is. */
  dump?: DumpObservation | undefined;
  /** The claims that come and go while it runs, those that it was made with apart. */
  plugs?: readonly PlugObservation[];
  /** Of a running guest: claims of the launcher's own that it has not, and is to have. */
  returning?: readonly DiskObservation[];
  /** What this agent saw of the guest's start. */
  startMarks?: StartTrace;
  /** What the last attempt to bring it forward failed with. */
  failure: string | undefined;
  /** What the guest said when it panicked, if it said more than that, and we were there. */
  panicDetails: string | undefined;
}

export interface MachineObservation {
  runState: RunState;
  accelerator: "kvm" | "tcg";
  /** As QEMU resolved it, e.g. `pc-q35-7.2`. */
  machineType: string;
  devices: ObservedDevices;
  capacity: ObservedCapacity;
  /** The guest's agent has opened its port. */
  agentConnected: boolean;
}

export interface BootFailure {
  reason: "NoBootableDevice" | "BootLoaderStopped" | "BootLoop" | "KernelPanic";
  message: string;
}

export function isHandedOver(vmi: VirtualMachineInstance): boolean {
  return vmi.status?.phase === "Scheduled" || vmi.status?.phase === "Running";
}

export function isFinal(vmi: VirtualMachineInstance): boolean {
  return vmi.status?.phase === "Succeeded" || vmi.status?.phase === "Failed";
}

/** Its kernel said so, and QEMU waits for us to have seen it. */
export function hasPanicked({ machine }: Observation): boolean {
  return machine?.runState === "guest-panicked";
}

/** The guest has executed at least one instruction. */
export function hasStarted(machine: MachineObservation | undefined): boolean {
  return machine !== undefined && machine.runState !== "prelaunch" && machine.runState !== "inmigrate";
}
