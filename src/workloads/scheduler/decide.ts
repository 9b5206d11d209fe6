/** Picks the node for a pod, or says why there is none. Pure. */
import type { Pod } from "../../../api/core.ts";
import { load, misfits, type NodeState } from "./fit.ts";

export type Decision = { node: string } | { unschedulable: string };

export function decide(pod: Pod, nodes: readonly NodeState[]): Decision {
  const judged = nodes.map((state) => ({ state, reasons: misfits(pod, state) }));
  const [best] = judged
    .filter(({ reasons }) => reasons.length === 0)
    .sort((a, b) => load(pod, a.state) - load(pod, b.state));
  const name = best?.state.node.metadata?.name;
  if (name !== undefined) return { node: name };
  return {
    unschedulable: explain(
      nodes.length,
      judged.flatMap(({ reasons }) => reasons),
    ),
  };
}

/** `0/3 nodes are available: 1 Insufficient memory, 2 node(s) were unschedulable.` */
function explain(total: number, reasons: readonly string[]): string {
  if (total === 0) return "no nodes available to schedule pods";
  const counts = [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => `${all.length} ${reason}`);
  return `0/${total} nodes are available: ${counts.sort().join(", ")}.`;
}
