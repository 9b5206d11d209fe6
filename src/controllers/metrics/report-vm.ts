/** Metrics of one VirtualMachine. Pure. */
import { virtualCpuCount } from "../../../api/kubevirt/defaults/resources.ts";
import type {
  VirtualMachine,
  VirtualMachineInstance,
  VirtualMachineInstanceSpec,
} from "../../../api/kubevirt/types.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { controllerMetrics as metrics } from "../../telemetry/catalogue/controller.ts";
import { metric } from "../../telemetry/metric.ts";
import type { Scrape } from "../../telemetry/scrape.ts";
import { guestDescription, none, secondsOf, vnicsOf } from "./description.ts";

interface Name {
  name: string;
  namespace: string;
}

export function reportVm(scrape: Scrape, vm: VirtualMachine, vmi: VirtualMachineInstance | undefined): void {
  const name = nameOf(vm);
  const { template, instancetype, preference } = vm.spec;
  const group = statusGroup(vm.status?.printableStatus);
  scrape.add(
    metrics.vmInfo,
    {
      ...name,
      ...guestDescription(template),
      instance_type: instancetype?.name ?? none,
      preference: preference?.name ?? none,
      machine_type: vmi?.status?.machine?.type ?? template.spec.domain.machine?.type ?? none,
      status: (vm.status?.printableStatus ?? "unknown").toLowerCase(),
      status_group: group,
    },
    1,
  );
  scrape.add(metrics.vmCreated, name, secondsOf(vm.metadata?.creationTimestamp));
  for (const [each, since] of Object.entries(sinceMetrics))
    scrape.add(since, name, each === group ? lastTransitionSeconds(vm) : 0);
  reportResources(scrape, name, template.spec, vmi);
  for (const vnic of vnicsOf(template.spec)) scrape.add(metrics.vmVnic, { ...name, ...vnic }, 1);
}

/** One metric for all machines: each label that any of them has is a label of it. */
export function reportVmLabels(scrape: Scrape, vms: readonly VirtualMachine[]): void {
  const labelled = vms.map((vm) => ({ name: nameOf(vm), labels: prometheusLabels(vm.metadata?.labels ?? {}) }));
  const all = new Set(labelled.flatMap(({ labels }) => Object.keys(labels)));
  const { name, type, unit, labels: own, help } = metrics.vmLabels;
  const declared = metric<string>(name, type, unit, [...own, ...all], help);
  for (const { name, labels } of labelled)
    if (Object.keys(labels).length > 0) scrape.add(declared, { ...name, ...labels }, 1);
}

function prometheusLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`label_${key.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`, value]),
  );
}

const sinceMetrics = {
  starting: metrics.vmStarting,
  running: metrics.vmRunning,
  migrating: metrics.vmMigrating,
  non_running: metrics.vmNonRunning,
  error: metrics.vmError,
} as const;

const groups: Readonly<Record<string, keyof typeof sinceMetrics>> = {
  Provisioning: "starting",
  WaitingForVolumeBinding: "starting",
  WaitingForReceiver: "starting",
  Starting: "starting",
  Running: "running",
  Migrating: "migrating",
  Stopped: "non_running",
  Stopping: "non_running",
  Terminating: "non_running",
  Paused: "non_running",
};

/** Whatever else a machine is, it is a reason to look at it. */
export function statusGroup(printableStatus: string | undefined): keyof typeof sinceMetrics {
  return printableStatus === undefined ? "non_running" : (groups[printableStatus] ?? "error");
}

/** The latest change of a condition; a machine that has none is as it was made. */
function lastTransitionSeconds({ metadata, status }: VirtualMachine): number | undefined {
  const changes = (status?.conditions ?? []).flatMap(
    ({ lastTransitionTime }) => secondsOf(lastTransitionTime ?? undefined) ?? [],
  );
  return changes.length > 0 ? Math.max(...changes) : secondsOf(metadata?.creationTimestamp);
}

function reportResources(
  scrape: Scrape,
  name: Name,
  spec: VirtualMachineInstanceSpec,
  vmi: VirtualMachineInstance | undefined,
): void {
  const { resources, memory, cpu } = spec.domain;
  const memoryFrom = (source: string, quantity: string | number | undefined): void =>
    scrape.add(metrics.vmRequests, { ...name, resource: "memory", unit: "bytes", source }, numberOf(quantity));
  memoryFrom("domain", resources?.requests?.["memory"]);
  memoryFrom("guest", memory?.guest);
  memoryFrom("guest_effective", vmi?.spec.domain.memory?.guest);
  const cpuFrom = (source: string, unit: string, count: number | undefined): void =>
    scrape.add(metrics.vmRequests, { ...name, resource: "cpu", unit, source }, count);
  cpuFrom("requests", "cores", numberOf(resources?.requests?.["cpu"]));
  for (const unit of ["cores", "sockets", "threads"] as const)
    cpuFrom(cpu?.[unit] ? "domain" : "default", unit, cpu?.[unit] || 1);
  cpuFrom("guest_effective", "cores", vmi && virtualCpuCount(vmi.spec.domain.cpu));
  const limits = { memory: "bytes", cpu: "cores" } as const;
  for (const [resource, unit] of Object.entries(limits))
    scrape.add(metrics.vmLimits, { ...name, resource, unit }, numberOf(resources?.limits?.[resource]));
}

function numberOf(quantity: string | number | undefined): number | undefined {
  return quantity === undefined ? undefined : quantityToNumber(quantity);
}

function nameOf({ metadata }: VirtualMachine): Name {
  return { name: metadata?.name ?? "", namespace: metadata?.namespace ?? "" };
}
