/** What a node says of itself on its Node object. Pure. */
import type { Node } from "../../../api/core.ts";
import { emulatedArchitectures } from "../../../api/kubevirt/architecture.ts";
import { annotations, emulationLabel, labels, processorLabels } from "../../../api/kubevirt/names.ts";
import type { Processor } from "../../qemu/probe/processor.ts";

export interface NodeFacts {
  /** `https://IP:PORT` of this node's virtual machine API. */
  endpoint: string;
  kvm: { usable: boolean; reason: string };
  /** The kubelet gives containers processors of their own. */
  hasStaticCpuManager: boolean;
  /** Undefined until QEMU has told. */
  processor: Processor | undefined;
}

/** A merge patch of the Node's metadata; null removes. */
export interface MetadataPatch {
  labels: Record<string, string | null>;
  annotations: Record<string, string>;
}

/** How often a node says that its agent is alive. */
export const heartbeatMs = 60_000;

/** Undefined while nothing is to be said. */
export function announcement(node: Node, facts: NodeFacts, nowMs: number): MetadataPatch | undefined {
  const told =
    node.metadata?.annotations?.[annotations.skipNodeLabels] === "true" ? { ...facts, processor: undefined } : facts;
  const wanted = labelsOf(told);
  const outdated = Object.keys(node.metadata?.labels ?? {}).filter((name) => isOutdated(name, wanted, told));
  const texts = { [annotations.agentEndpoint]: facts.endpoint, [annotations.kvmReason]: facts.kvm.reason };
  const isSaid =
    outdated.length === 0 &&
    holds(node.metadata?.labels, wanted) &&
    holds(node.metadata?.annotations, texts) &&
    untilHeartbeatMs(node, nowMs) > 0;
  if (isSaid) return undefined;
  return {
    labels: { ...wanted, ...Object.fromEntries(outdated.map((name) => [name, null])) },
    annotations: { ...texts, [annotations.heartbeat]: new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z") },
  };
}

/** When the next sign of life is due; 0 when it is. */
export function untilHeartbeatMs({ metadata }: Node, nowMs: number): number {
  const lastMs = Date.parse(metadata?.annotations?.[annotations.heartbeat] ?? "");
  // One from the future is another clock's: ours counts.
  return Number.isNaN(lastMs) || lastMs > nowMs + heartbeatMs ? 0 : Math.max(0, lastMs + heartbeatMs - nowMs);
}

function labelsOf({ kvm, processor, hasStaticCpuManager }: NodeFacts): Record<string, string> {
  return {
    [labels.schedulable]: "true",
    [labels.kvm]: String(kvm.usable),
    ...Object.fromEntries(emulatedArchitectures.map((name) => [`${emulationLabel}/${name}`, "true"])),
    [labels.cpuManager]: String(hasStaticCpuManager),
    [labels.cpuManagerOfKubeVirt]: String(hasStaticCpuManager),
    ...(processor && processorLabelsOf(processor)),
  };
}

const vendors: Record<string, string> = { GenuineIntel: "Intel", AuthenticAMD: "AMD", HygonGenuine: "Hygon" };

function processorLabelsOf(processor: Processor): Record<string, string> {
  const { models, features, vendor, hostModel, beyondHostModel } = processor;
  const names: [prefix: string, names: string[]][] = [
    [processorLabels.model, models],
    [processorLabels.migratableModel, models],
    [processorLabels.feature, features],
    [processorLabels.vendor, [vendors[vendor] ?? vendor]],
    [processorLabels.hostModel, [hostModel]],
    [processorLabels.hostModelFeature, beyondHostModel],
  ];
  const keys = names.flatMap(([prefix, each]) => each.filter(isLabelName).map((name) => `${prefix}/${name}`));
  return Object.fromEntries(keys.map((key) => [key, "true"]));
}

function isLabelName(name: string): boolean {
  return /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(name);
}

/** Of another processor, or another QEMU. What we do not know yet we leave. */
function isOutdated(name: string, wanted: Record<string, string>, { processor }: NodeFacts): boolean {
  if (wanted[name] === undefined && name.startsWith(`${emulationLabel}/`)) return true;
  const isOurs = Object.values(processorLabels).some((prefix) => name.startsWith(`${prefix}/`));
  return processor !== undefined && isOurs && wanted[name] === undefined;
}

function holds(present: Record<string, string> | undefined, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => present?.[name] === value);
}
