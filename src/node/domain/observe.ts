/** Looks at one virtual machine from all sides; see observation.ts for what that means. Reads only. */
import type { Pod } from "../../../api/core.ts";
import { asMounted } from "../../../api/kubevirt/hotplug-volume.ts";
import { activeLauncher, isInTransit } from "../../../api/kubevirt/migration/migration.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import { noCapacity, observeCapacity } from "../../qemu/capacity/capacity.ts";
import { observeDevices } from "../../qemu/devices/observe.ts";
import { guestAgentPresent } from "../../qemu/guest-agent/presence.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { QmpClosed, QmpTimeout } from "../../qemu/qmp/errors.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { observeCredentials } from "../credentials/observe.ts";
import { diskSources } from "../disks/disk-source.ts";
import { type DiskObservation, observeDisk } from "../disks/observe-disk.ts";
import { type DumpObservation, type DumpSources, observeDump } from "../memory-dump/observe.ts";
import { observePlugs, observeReturning, type PlugSources } from "../hotplug/observe.ts";
import type { Monitors } from "../monitor/monitors.ts";
import { observePinning } from "../processors/pin-threads.ts";
import type { QemuFinder, QemuProcess } from "../process/find-qemu.ts";
import { selinuxContextOf } from "../process/selinux-context.ts";
import type { ContainerExit } from "../../../api/kubevirt/end-events.ts";
import { hasStarted, type MachineObservation, type Observation } from "./observation.ts";
import { observeBoot } from "../boot/observe-boot.ts";
import type { Consoles } from "../console/consoles.ts";
import { noteLook } from "./note-start.ts";
import { type DomainRecord, type DomainRecords, networkKey } from "./records.ts";

export const byVmiUid = "vmi-uid";

const guestNewsIntervalMs = 3_000;
const newsLastMs = 60_000;
const guestIntervalMs = 30_000;

export interface ObserveContext extends DumpSources, PlugSources {
  vmis: Informer<VirtualMachineInstance>;
  /** The launchers on this node, indexed `byVmiUid`. */
  launchers: Informer<Pod>;
  finder: QemuFinder;
  monitors: Monitors;
  consoles: Consoles;
  records: DomainRecords;
}

export async function observe(context: ObserveContext, key: string): Promise<Observation | undefined> {
  const { namespace, name } = parseObjectKey(key);
  const vmi = context.vmis.get(namespace, name);
  const pod = vmi && launcherOf(context.launchers, vmi);
  if (vmi === undefined || pod === undefined || isAway(vmi, pod)) return undefined;
  const record = context.records.of(vmi.metadata?.uid ?? "");
  const qemu = await context.finder.find(pod.metadata?.uid ?? "");
  const machine = qemu && (await machineOf(context.monitors, key, qemu));
  noteLook(record, { vmi, machine, console: qemu && context.consoles.timesOf(qemu) });
  const pinning = qemu && machine && (await observePinning(vmi.spec, qemu.pid, () => context.monitors.of(key, qemu)));
  const isOpen = qemu !== undefined && machine !== undefined && !hasStarted(machine);
  return {
    key,
    now: timestamp(),
    vmi,
    pod,
    exit: exitOf(pod),
    qemu,
    machine,
    selinuxContext: qemu && (await selinuxContextOf(qemu.pid)),
    pinning,
    disks: isOpen ? await observeDisks(qemu.pid, asMounted(vmi, pod)) : [],
    networkReady: qemu !== undefined && record.networkOf === networkKey(qemu, { vmi, machine }),
    unplugAsked: askedLately(record),
    consoleOpen: qemu !== undefined && context.consoles.tailOf(qemu) !== undefined,
    guest: machine?.agentConnected ? record.guest : undefined,
    guestDue: machine?.agentConnected === true && isDue(record),
    guestHasNews: hasNews(record),
    links: new Map(record.links),
    broughtOnline: record.broughtOnline,
    onlineAsked: record.onlineAsked,
    credentials:
      qemu && machine?.agentConnected ? await observeCredentials(vmi, qemu.pid, record.credentials) : undefined,
    bootFailure: qemu && machine && (await observeBoot(context, key, vmi, { qemu, machine, record })),
    dump: qemu && hasStarted(machine) ? await dumpOf(context, { key, vmi, qemu, record }) : undefined,
    plugs: qemu && hasStarted(machine) ? await observePlugs(context, vmi, pod) : [],
    returning: qemu && machine && hasStarted(machine) ? await observeReturning(qemu.pid, vmi, pod, machine) : [],
    startMarks: record.start,
    failure: record.failure,
    panicDetails: record.panicDetails,
  };
}

function observeDisks(pid: number, { spec }: VirtualMachineInstance): Promise<DiskObservation[]> {
  return Promise.all(diskSources(spec).map((source) => observeDisk(pid, source)));
}

interface Dumped {
  key: string;
  vmi: VirtualMachineInstance;
  qemu: QemuProcess;
  record: DomainRecord;
}

async function dumpOf(context: ObserveContext, dumped: Dumped): Promise<DumpObservation | undefined> {
  const { key, vmi, qemu, record } = dumped;
  return observeDump(context, vmi, { qmp: () => context.monitors.of(key, qemu), refusal: record.dumpRefusal });
}

/** Often while there are news, then now and then. */
function isDue(record: DomainRecord): boolean {
  return Date.now() - record.guestAskedMs > (hasNews(record) ? guestNewsIntervalMs : guestIntervalMs);
}

/** Whether or not a network gives its new card an address: for a while. */
function hasNews({ guest, pluggedMs }: DomainRecord): boolean {
  const hasAddress = guest?.interfaces.some((each) => each.addresses.length > 0) ?? false;
  return !hasAddress || Date.now() - pluggedMs < newsLastMs;
}

/** A guest that has not let go of a device by then is asked again. */
const unplugPatienceMs = 10_000;

function askedLately({ unplugAskedMs }: DomainRecord): ReadonlySet<string> {
  const since = Date.now() - unplugPatienceMs;
  return new Set([...unplugAskedMs].flatMap(([id, askedMs]) => (askedMs > since ? id : [])));
}

/** A guest between two QEMUs is the migration's (../migration), unless the one that counts has ended. */
function isAway(vmi: VirtualMachineInstance, pod: Pod): boolean {
  return isInTransit(vmi) && exitOf(pod) === undefined;
}

/** The pod that runs the guest, or is to; undefined when it is on another node. */
export function launcherOf(launchers: Informer<Pod>, vmi: VirtualMachineInstance): Pod | undefined {
  return activeLauncher(vmi, launchersOf(launchers, vmi), (pod) => exitOf(pod) !== undefined);
}

export function launchersOf(launchers: Informer<Pod>, { metadata }: VirtualMachineInstance): Pod[] {
  return launchers
    .byIndex(byVmiUid, metadata?.uid ?? "")
    .filter((pod) => pod.metadata?.namespace === metadata?.namespace);
}

export const vmiUidOf = (pod: Pod): string => pod.metadata?.labels?.[labels.createdBy] ?? "";

export function exitOf(pod: Pod): ContainerExit | undefined {
  return pod.status?.containerStatuses?.find((status) => status.name === "compute")?.state?.terminated;
}

/** Undefined while QEMU has not opened its monitor yet, or has just closed it: the next look tells. */
async function machineOf(monitors: Monitors, key: string, qemu: QemuProcess): Promise<MachineObservation | undefined> {
  try {
    return await observeMachine(await monitors.of(key, qemu));
  } catch (error) {
    if (error instanceof QmpClosed || error instanceof QmpTimeout) return undefined;
    throw error;
  }
}

async function observeMachine(qmp: QmpClient): Promise<MachineObservation> {
  const [status, kvm, type, devices, agentConnected] = await Promise.all([
    qmp.execute("query-status"),
    qmp.execute("query-kvm"),
    qmp.execute("qom-get", { path: "/machine", property: "type" }),
    observeDevices(qmp),
    guestAgentPresent(qmp),
  ]);
  // A guest that has not started is given nothing more, and its start waits for none of this.
  const capacity = status.status === "prelaunch" ? noCapacity : await observeCapacity(qmp, devices.devices);
  return {
    runState: status.status,
    accelerator: kvm.enabled ? "kvm" : "tcg",
    machineType: String(type).replace(/-machine$/, ""),
    devices,
    capacity,
    agentConnected,
  };
}
