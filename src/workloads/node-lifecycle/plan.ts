/**
 * What becomes of a node that stops renewing its lease, and of its pods. Pure.
 *
 *   lease renewed ──> Ready as the node says
 *        │ silent for the grace period
 *        v
 *   Ready Unknown, tainted unreachable, pods not ready ──tolerationSeconds──> pods deleted
 *
 * When no node at all is heard of, it is rather we who are cut off: then pods are left alone. So the guests of a
 * machine of one node outlive whatever happens to its agent.
 */
import type { Node, NodeCondition, Pod, Taint } from "../../../api/core.ts";

export interface NodeObservation {
  node: Node;
  /** Bound to the node and not ended. */
  pods: readonly Pod[];
  /** When we last saw the node renew its lease, by our own clock. */
  heardMs: number;
  /** Some node, maybe another one, is heard of. */
  othersLive: boolean;
  nowMs: number;
}

export type NodeAction =
  | { kind: "mark-unknown"; node: Node; conditions: NodeCondition[] }
  | { kind: "taint"; node: Node; taints: Taint[] }
  | { kind: "mark-unready"; pod: Pod }
  | { kind: "evict"; pod: Pod };

export const leaseGraceMs = 40_000;
/** For pods that say nothing of the taint, as Kubernetes' admission would write into them. */
const defaultTolerationMs = 300_000;
const unreachable = "node.kubernetes.io/unreachable";
const notReady = "node.kubernetes.io/not-ready";
const reported = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export function planNode(observation: NodeObservation): NodeAction[] {
  const { node, pods } = observation;
  const silent = isSilent(observation);
  const actions: NodeAction[] = [];
  const conditions = silent ? unknownConditions(observation) : undefined;
  if (conditions) actions.push({ kind: "mark-unknown", node, conditions });
  const taints = wantedTaints(observation);
  if (taints) actions.push({ kind: "taint", node, taints });
  // A kubelet that still speaks says itself what becomes of its pods.
  if (silent) actions.push(...pods.filter(isShownReady).map((pod) => ({ kind: "mark-unready" as const, pod })));
  return [...actions, ...evictions(observation)];
}

/** When a silent node, or a toleration, runs out. */
export function nextLookMs(observation: NodeObservation): number {
  const { node, pods, heardMs, nowMs } = observation;
  if (!isSilent(observation)) return Math.max(0, heardMs + leaseGraceMs - nowMs) + 1000;
  const deadlines = pods.flatMap((pod) => evictionMs(pod, node) ?? []).filter((deadline) => deadline > nowMs);
  return Math.min(leaseGraceMs, ...deadlines.map((deadline) => deadline - nowMs + 1));
}

export function isSilent({ heardMs, nowMs }: Pick<NodeObservation, "heardMs" | "nowMs">): boolean {
  return nowMs - heardMs > leaseGraceMs;
}

/** @returns undefined when they say so already */
function unknownConditions({ node, nowMs }: NodeObservation): NodeCondition[] | undefined {
  const before = node.status?.conditions ?? [];
  const isKnown = ({ type, status }: NodeCondition) => reported.includes(type) && status !== "Unknown";
  if (!before.some(isKnown)) return undefined;
  return before.map((condition) =>
    isKnown(condition)
      ? {
          ...condition,
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
          lastTransitionTime: timeOf(nowMs),
        }
      : condition,
  );
}

/** @returns undefined when the node has them already */
function wantedTaints(observation: NodeObservation): Taint[] | undefined {
  const { node, othersLive, nowMs } = observation;
  const before = node.spec?.taints ?? [];
  const trouble = isSilent(observation) ? unreachable : readyStatus(node) === "True" ? undefined : notReady;
  // Cut off ourselves, we only keep new pods away.
  const harsh: Taint["effect"][] = othersLive ? ["NoSchedule", "NoExecute"] : ["NoSchedule"];
  const effects = trouble === undefined ? [] : harsh;
  const isWanted = ({ key, effect }: Taint) => key === trouble && effects.includes(effect);
  const isOurs = ({ key }: Taint) => key === unreachable || key === notReady;
  const missing = effects.filter((effect) => !before.some((taint) => taint.key === trouble && taint.effect === effect));
  const kept = before.filter((taint) => !isOurs(taint) || isWanted(taint));
  if (missing.length === 0 && kept.length === before.length) return undefined;
  const added = missing.map((effect) => ({ key: trouble ?? "", effect, timeAdded: timeOf(nowMs) }));
  return [...kept, ...added];
}

function evictions({ node, pods, othersLive, nowMs }: NodeObservation): NodeAction[] {
  if (!othersLive) return [];
  return pods
    .filter((pod) => !pod.metadata?.deletionTimestamp)
    .filter((pod) => (evictionMs(pod, node) ?? Number.POSITIVE_INFINITY) <= nowMs)
    .map((pod) => ({ kind: "evict", pod }));
}

/** When the pod's patience with the node's taints ends; undefined for never. */
function evictionMs(pod: Pod, node: Node): number | undefined {
  const deadlines = (node.spec?.taints ?? [])
    .filter(({ effect }) => effect === "NoExecute")
    .flatMap((taint) => {
      const patienceMs = patienceWith(pod, taint);
      if (patienceMs === undefined) return [];
      // `kubectl taint` gives no time: nobody's patience can be measured then.
      return patienceMs === 0 ? [0] : taint.timeAdded ? [Date.parse(taint.timeAdded) + patienceMs] : [];
    });
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

/** The shortest of the matching tolerations counts; one without a time bears it for ever. */
function patienceWith(pod: Pod, taint: Taint): number | undefined {
  const matching = (pod.spec?.tolerations ?? []).filter(
    ({ key, operator = "Equal", value = "", effect }) =>
      (!effect || effect === taint.effect) &&
      (!key ? operator === "Exists" : key === taint.key) &&
      (operator === "Exists" || value === (taint.value ?? "")),
  );
  if (matching.length === 0) return [unreachable, notReady].includes(taint.key) ? defaultTolerationMs : 0;
  const limits = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
  return limits.length === 0 ? undefined : Math.max(0, Math.min(...limits)) * 1000;
}

function readyStatus(node: Node): string | undefined {
  return node.status?.conditions?.find(({ type }) => type === "Ready")?.status;
}

function isShownReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
