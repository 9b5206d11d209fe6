/** Looks at one virtual machine from all sides; see observation.ts for what that means. Reads only. */
import type { Pod } from "../../../api/core.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import { observeDevices } from "../../qemu/devices/observe.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { QmpClosed, QmpTimeout } from "../../qemu/qmp/errors.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { diskSources } from "../disks/disk-source.ts";
import { observeDisk } from "../disks/observe-disk.ts";
import type { Monitors } from "../monitor/monitors.ts";
import type { QemuFinder, QemuProcess } from "../process/find-qemu.ts";
import { type ContainerExit, hasStarted, type MachineObservation, type Observation } from "./observation.ts";
import type { DomainRecords } from "./records.ts";

export const byVmiUid = "vmi-uid";

export interface ObserveContext {
  vmis: Informer<VirtualMachineInstance>;
  /** The launchers on this node, indexed `byVmiUid`. */
  launchers: Informer<Pod>;
  finder: QemuFinder;
  monitors: Monitors;
  records: DomainRecords;
}

export async function observe(context: ObserveContext, key: string): Promise<Observation | undefined> {
  const { namespace, name } = parseObjectKey(key);
  const vmi = context.vmis.get(namespace, name);
  const pod = vmi && launcherOf(context.launchers, vmi);
  if (vmi === undefined || pod === undefined) return undefined;
  const record = context.records.of(vmi.metadata?.uid ?? "");
  const qemu = await context.finder.find(pod.metadata?.uid ?? "");
  const machine = qemu && (await machineOf(context.monitors, key, qemu));
  const isOpen = qemu !== undefined && machine !== undefined && !hasStarted(machine);
  return {
    key,
    now: timestamp(),
    vmi,
    pod,
    exit: exitOf(pod),
    qemu,
    machine,
    disks: isOpen ? await Promise.all(diskSources(vmi.spec).map((source) => observeDisk(qemu.pid, source))) : [],
    networkReady: qemu !== undefined && record.networkOf === qemu.pid,
    guest: record.guest,
    bootFailure: record.bootFailure,
    failure: record.failure,
  };
}

/** The pod that counts: one that still runs before one that has ended. */
export function launcherOf(launchers: Informer<Pod>, vmi: VirtualMachineInstance): Pod | undefined {
  const pods = launchers
    .byIndex(byVmiUid, vmi.metadata?.uid ?? "")
    .filter((pod) => pod.metadata?.namespace === vmi.metadata?.namespace);
  return pods.find((pod) => exitOf(pod) === undefined) ?? pods[0];
}

export const vmiUidOf = (pod: Pod): string => pod.metadata?.labels?.[labels.createdBy] ?? "";

function exitOf(pod: Pod): ContainerExit | undefined {
  const terminated = pod.status?.containerStatuses?.find((status) => status.name === "compute")?.state?.terminated;
  if (terminated === undefined) return undefined;
  return { exitCode: terminated.exitCode, signal: terminated.signal, reason: terminated.reason };
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
  const [status, kvm, type, devices, chardevs] = await Promise.all([
    qmp.execute("query-status"),
    qmp.execute("query-kvm"),
    qmp.execute("qom-get", { path: "/machine", property: "type" }),
    observeDevices(qmp),
    qmp.execute("query-chardev"),
  ]);
  return {
    runState: status.status,
    accelerator: kvm.enabled ? "kvm" : "tcg",
    machineType: String(type).replace(/-machine$/, ""),
    devices,
    agentConnected: chardevs.find((chardev) => chardev.label === "qga")?.["frontend-open"] ?? false,
  };
}
