/** What a node says about itself. Pure: the facts were collected before. */
import { arch } from "node:os";
import type { NodeCondition, NodeStatus } from "../../../api/core.ts";
import type { KubeletOptions } from "../options.ts";
import { isoTime } from "../pods/container-status.ts";

export interface NodeFacts {
  hostname: string;
  cpus: number;
  memoryBytes: number;
  memoryAvailableBytes: number;
  /** Bytes in huge pages, by the size of a page, e.g. `2Mi`. */
  hugePages: Readonly<Record<string, number>>;
  diskBytes: number;
  diskAvailableBytes: number;
  machineId: string;
  systemUuid: string;
  bootId: string;
  kernelVersion: string;
  osImage: string;
  runtimeVersion: string;
  /** Why no pod can be run, if that is so. */
  notReady: string | undefined;
  images: { names: string[]; sizeBytes: number }[];
}

/** The Kubernetes version whose behaviour the kubelet follows. */
export const kubeletVersion = "v1.32.0";

const mostPods = 250;
/** Kept for the host itself. */
export const reservedBytes = 256 * 1024 ** 2;
const lowMemoryBytes = 100 * 1024 ** 2;
const lowDiskFraction = 0.05;
const mostImages = 50;

type NodeOptions = Pick<KubeletOptions, "nodeIp" | "port" | "devices" | "reservedCpus">;

export function nodeStatus(
  facts: NodeFacts,
  options: NodeOptions,
  before: NodeStatus | undefined,
  nowMs: number,
): NodeStatus {
  const devices = Object.fromEntries(options.devices.map(({ name, capacity }) => [name, String(capacity)]));
  const shared = {
    cpu: String(facts.cpus),
    "ephemeral-storage": ki(facts.diskBytes),
    pods: String(mostPods),
    ...devices,
    ...Object.fromEntries(Object.entries(facts.hugePages).map(([size, bytes]) => [`hugepages-${size}`, ki(bytes)])),
  };
  const hugeBytes = Object.values(facts.hugePages).reduce((sum, bytes) => sum + bytes, 0);
  return {
    ...before,
    capacity: { ...before?.capacity, ...shared, memory: ki(facts.memoryBytes) },
    allocatable: {
      ...before?.allocatable,
      ...shared,
      cpu: String(facts.cpus - (options.reservedCpus?.length ?? 0)),
      memory: ki(Math.max(0, facts.memoryBytes - reservedBytes - hugeBytes)),
    },
    conditions: conditions(facts, before?.conditions ?? [], nowMs),
    addresses: [
      { type: "InternalIP", address: options.nodeIp },
      { type: "Hostname", address: facts.hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: options.port } },
    nodeInfo: {
      machineID: facts.machineId,
      systemUUID: facts.systemUuid,
      bootID: facts.bootId,
      kernelVersion: facts.kernelVersion,
      osImage: facts.osImage,
      containerRuntimeVersion: facts.runtimeVersion,
      kubeletVersion,
      kubeProxyVersion: kubeletVersion,
      operatingSystem: "linux",
      architecture: arch() === "x64" ? "amd64" : arch(),
    },
    images: facts.images.slice(0, mostImages),
  };
}

const ki = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;

function conditions(facts: NodeFacts, before: NodeCondition[], nowMs: number): NodeCondition[] {
  const lowMemory = facts.memoryAvailableBytes < lowMemoryBytes;
  const lowDisk = facts.diskAvailableBytes < facts.diskBytes * lowDiskFraction;
  const owned = [
    pressure("MemoryPressure", lowMemory, "KubeletHasInsufficientMemory", "KubeletHasSufficientMemory"),
    pressure("DiskPressure", lowDisk, "KubeletHasDiskPressure", "KubeletHasNoDiskPressure"),
    pressure("PIDPressure", false, "KubeletHasInsufficientPID", "KubeletHasSufficientPID"),
    ready(facts.notReady),
  ].map((condition) => dated(condition, before, nowMs));
  const types = new Set(owned.map(({ type }) => type));
  return [...before.filter(({ type }) => !types.has(type)), ...owned];
}

type Undated = Pick<NodeCondition, "type" | "status" | "reason" | "message">;

function pressure(type: string, has: boolean, reasonIf: string, reasonElse: string): Undated {
  const reason = has ? reasonIf : reasonElse;
  return {
    type,
    status: has ? "True" : "False",
    reason,
    message: asPhrase(reason),
  };
}

/** `KubeletHasSufficientPID`: "kubelet has sufficient PID". */
function asPhrase(reason: string): string {
  const words = reason.match(/[A-Z]+(?![a-z])|[A-Z][a-z]+/g) ?? [];
  return words.map((word) => (word === word.toUpperCase() ? word : word.toLowerCase())).join(" ");
}

function ready(notReady: string | undefined): Undated {
  return notReady === undefined
    ? { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
    : { type: "Ready", status: "False", reason: "KubeletNotReady", message: notReady };
}

function dated(condition: Undated, before: NodeCondition[], nowMs: number): NodeCondition {
  const known = before.find(({ type }) => type === condition.type);
  const since = known?.status === condition.status ? known.lastTransitionTime : undefined;
  return { ...condition, lastHeartbeatTime: isoTime(nowMs), lastTransitionTime: since ?? isoTime(nowMs) };
}
