import { labels } from "../../../api/kubevirt/names.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { hasEnded } from "../../workloads/pods.ts";
import { podRequests } from "../../workloads/scheduler/requests.ts";
import type { Explanation, Situation } from "./situation.ts";

const nanosPerMebibyte = 1024n * 1024n * 1_000_000_000n;

/** The commonest reason to fit nowhere, with its numbers: what is asked for, and what the emptiest node has free. */
export function memoryShortage({ pod, nodes, nodePods }: Situation): Explanation | undefined {
  if (!pod) return undefined;
  const asked = memoryOf(pod);
  const free = nodes.map((node) => {
    const name = node.metadata?.name ?? "";
    const used = nodePods.filter((other) => other.spec?.nodeName === name && !hasEnded(other)).map(memoryOf);
    const allocatable = parseQuantity(node.status?.allocatable?.["memory"] ?? 0);
    return { name, nanos: used.reduce((rest, part) => rest - part, allocatable) };
  });
  const best = free.reduce((most, node) => (node.nanos > most.nanos ? node : most), { name: "", nanos: -1n });
  if (free.length === 0 || asked <= best.nanos) return undefined;
  const where = best.name ? `node ${best.name} has only ${mebibytes(best.nanos)} free` : "no node has any free";
  return {
    why: `asks for ${mebibytes(asked)} of memory but ${where}`,
    todo: "stop something else, or lower spec.domain.memory.guest",
  };
}

/** The label says what a node's kubelet does with processors. */
export function cpuManagerMissing({ pod, nodes }: Situation): Explanation | undefined {
  const isWanted = pod?.spec?.nodeSelector?.[labels.cpuManager] === "true";
  if (!isWanted || nodes.some(({ metadata }) => metadata?.labels?.[labels.cpuManager] === "true")) return undefined;
  return {
    why: "asks for dedicated CPUs, but no node's kubelet gives any container processors of its own",
    todo: "start this machine's vmpod with `vmpod up --cpu-manager-policy static`, or set cpuManagerPolicy: static for a cluster's kubelets",
  };
}

/** Exact, in billionths of a byte. */
function memoryOf(pod: NonNullable<Situation["pod"]>): bigint {
  return podRequests(pod)["memory"] ?? 0n;
}

function mebibytes(nanos: bigint): string {
  return `${nanos / nanosPerMebibyte}Mi`;
}
