/**
 * What a guest may know of the machine below it, as vhostmd tells it and SAP's tools ask for it: no secret, but how busy and how full the
 * node is. Pure, but for `readHost` and `readMachine`.
 */
import { readFile } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";
import { virtualCpuCount } from "../../../api/kubevirt/defaults/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { parseProcFields } from "./proc-fields.ts";

export interface HostFacts {
  name: string;
  timeSeconds: number;
  cpus: number;
  cpuSeconds: number;
  freeMemoryKib: number;
  freeSwapKib: number;
  usedSwapKib: number;
  usedMemoryKib: number;
  pagedInKib: number;
  pagedOutKib: number;
}

export interface MachineFacts {
  cpuSeconds: number;
  cpus: number;
  memoryKib: number;
}

type MetricType = "string" | "int64" | "uint32" | "uint64" | "real64";
type Metric = readonly [type: MetricType, context: "host" | "vm", name: string, value: string | number, unit?: string];

const ticksPerSecond = 100;

export async function readHost(): Promise<HostFacts> {
  const [stat, memory, paging] = await Promise.all([
    readFile("/proc/stat", "utf8"),
    readFile("/proc/meminfo", "utf8").then(parseProcFields),
    readFile("/proc/vmstat", "utf8").then(parseProcFields),
  ]);
  const of = (fields: ReadonlyMap<string, number>, name: string): number => fields.get(name) ?? 0;
  return {
    name: hostname(),
    timeSeconds: Math.floor(Date.now() / 1000),
    cpus: availableParallelism(),
    cpuSeconds: busySeconds(stat),
    freeMemoryKib: of(memory, "MemFree"),
    usedMemoryKib: of(memory, "MemTotal") - of(memory, "MemFree"),
    freeSwapKib: of(memory, "SwapFree"),
    usedSwapKib: of(memory, "SwapTotal") - of(memory, "SwapFree"),
    pagedInKib: of(paging, "pgpgin"),
    pagedOutKib: of(paging, "pgpgout"),
  };
}

/** Of the first line of /proc/stat: user, nice, system, but neither idle nor waiting. */
export function busySeconds(stat: string): number {
  const [, user, nice, system, , , irq, softirq] = stat.split("\n", 1)[0]?.split(/\s+/).map(Number) ?? [];
  return ((user ?? 0) + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0)) / ticksPerSecond;
}

/** User and system time of QEMU, its virtual processors among it. @throws ENOENT when it is gone */
export async function readMachine(pid: number, { cpus, memoryKib }: Omit<MachineFacts, "cpuSeconds">) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { cpus, memoryKib, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond };
}

export function sizeOfMachine({ spec }: VirtualMachineInstance): { cpus: number; memoryKib: number } {
  const memoryKib = Math.floor(quantityToNumber(spec.domain.memory?.guest ?? 0) / 1024);
  return { cpus: virtualCpuCount(spec.domain.cpu), memoryKib };
}

export function renderMetrics(host: HostFacts, machine: MachineFacts): string {
  const lines = metricsOf(host, machine).map(([type, context, name, value, unit]) => {
    const shown = type === "real64" ? Number(value).toFixed(6) : String(value);
    const attributes = `type="${type}" context="${context}"${unit === undefined ? "" : ` unit="${unit}"`}`;
    return `  <metric ${attributes}>\n    <name>${name}</name>\n    <value>${escapeXml(shown)}</value>\n  </metric>\n`;
  });
  return `<metrics>\n${lines.join("")}</metrics>\n`;
}

function metricsOf(host: HostFacts, machine: MachineFacts): Metric[] {
  return [
    ["string", "host", "HostName", host.name],
    ["string", "host", "HostSystemInfo", "linux"],
    ["string", "host", "VirtualizationVendor", "kubevirt.io"],
    ["int64", "host", "Time", host.timeSeconds, "s"],
    ["uint32", "host", "NumberOfPhysicalCPUs", host.cpus],
    ["real64", "host", "TotalCPUTime", host.cpuSeconds, "s"],
    ["uint64", "host", "FreePhysicalMemory", host.freeMemoryKib, "KiB"],
    ["uint64", "host", "FreeVirtualMemory", host.freeMemoryKib + host.freeSwapKib, "KiB"],
    ["uint64", "host", "MemoryAllocatedToVirtualServers", host.usedMemoryKib, "KiB"],
    ["uint64", "host", "UsedVirtualMemory", host.usedMemoryKib + host.usedSwapKib, "KiB"],
    ["uint64", "host", "PagedInMemory", host.pagedInKib, "KiB"],
    ["uint64", "host", "PagedOutMemory", host.pagedOutKib, "KiB"],
    ["real64", "vm", "TotalCPUTime", machine.cpuSeconds, "s"],
    ["uint64", "vm", "ResourceProcessorLimit", machine.cpus],
    ["uint64", "vm", "ResourceMemoryLimit", machine.memoryKib, "KiB"],
    ["uint64", "vm", "PhysicalMemoryAllocatedToVirtualSystem", machine.memoryKib, "KiB"],
  ];
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
