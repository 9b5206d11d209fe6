/** Can this pod run on that node, and if not, why: pure, one small rule after the other. */
import type { Node, Pod } from "../../../api/core.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { matchesNodeSelector } from "./node-selector.ts";
import { addAll, podRequests } from "./requests.ts";

export interface NodeState {
  node: Node;
  /** Pods bound to the node that have not ended. */
  pods: readonly Pod[];
}

/** Why not, in the scheduler's usual words; empty when it fits. */
export function misfits(pod: Pod, state: NodeState): string[] {
  return rules.flatMap((rule) => rule(pod, state));
}

type Rule = (pod: Pod, state: NodeState) => string[];

const ready: Rule = (_, { node }) => {
  const condition = node.status?.conditions?.find(({ type }) => type === "Ready");
  return condition?.status === "True" ? [] : ["node(s) were not ready"];
};

const schedulable: Rule = (_, { node }) => (node.spec?.unschedulable ? ["node(s) were unschedulable"] : []);

const selected: Rule = (pod, { node }) => {
  const labels = node.metadata?.labels ?? {};
  const simple = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return simple && (!required || matchesNodeSelector(required, node))
    ? []
    : ["node(s) didn't match Pod's node affinity/selector"];
};

const tolerated: Rule = (pod, { node }) => {
  const refused = (node.spec?.taints ?? []).find(
    (taint) => taint.effect !== "PreferNoSchedule" && !tolerates(pod, taint),
  );
  return refused ? [`node(s) had untolerated taint {${refused.key}: ${refused.value ?? ""}}`] : [];
};

const named: Rule = (pod, { node }) =>
  pod.spec?.nodeName && pod.spec.nodeName !== node.metadata?.name
    ? ["node(s) didn't match the requested node name"]
    : [];

const hostPorts: Rule = (pod, { pods }) => {
  const taken = new Set(pods.flatMap(hostPortsOf));
  return hostPortsOf(pod).some((port) => taken.has(port))
    ? ["node(s) didn't have free ports for the requested pod ports"]
    : [];
};

const resources: Rule = (pod, { node, pods }) => {
  const used = addAll(pods.map(podRequests));
  const wanted = podRequests(pod);
  const tooManyPods = pods.length + 1 > Number(node.status?.allocatable?.["pods"] ?? 110) ? ["Too many pods"] : [];
  const short = Object.entries(wanted)
    .filter(([name, amount]) => amount > 0n && (used[name] ?? 0n) + amount > allocatable(node, name))
    .map(([name]) => `Insufficient ${name}`);
  return [...tooManyPods, ...short];
};

const rules: readonly Rule[] = [named, ready, schedulable, selected, tolerated, hostPorts, resources];

/** Share of the node in use once the pod is on it, 0 to 1 and above: the emptiest node wins. */
export function load(pod: Pod, { node, pods }: NodeState): number {
  const used = addAll([...pods.map(podRequests), podRequests(pod)]);
  const shares = ["cpu", "memory"].map(
    (name) => Number(used[name] ?? 0n) / Math.max(1, Number(allocatable(node, name))),
  );
  return shares.reduce((total, share) => total + share, 0) / shares.length;
}

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

function tolerates(pod: Pod, taint: Taint): boolean {
  return (pod.spec?.tolerations ?? []).some(
    ({ key, operator = "Equal", value, effect }) =>
      (!effect || effect === taint.effect) &&
      (key === undefined || key === "" ? operator === "Exists" : key === taint.key) &&
      (operator === "Exists" || (value ?? "") === (taint.value ?? "")),
  );
}

function hostPortsOf(pod: Pod): string[] {
  return (pod.spec?.containers ?? [])
    .flatMap((container) => container.ports ?? [])
    .filter((port) => port.hostPort)
    .map((port) => `${port.hostPort}/${port.protocol ?? "TCP"}`);
}

function allocatable(node: Node, name: string): bigint {
  const text = node.status?.allocatable?.[name];
  return text === undefined ? 0n : parseQuantity(text);
}
