/** Whether the pods of this node ask for more than it has: the scheduler sees to it when pods come, the kubelet when they grow. Pure. */
import type { Pod } from "../../../api/core.ts";
import { quantityToMillis, quantityToNumber } from "../../base/quantity.ts";
import type { Machine } from "../context.ts";
import { reservedBytes } from "../node/node-status.ts";
import { isTerminalPhase } from "./lifetime.ts";

/** What is lacking, in words. */
export function overcommitment(pods: readonly Pod[], { memoryBytes, cpus }: Machine): string | undefined {
  const requests = pods
    .filter(({ status }) => !isTerminalPhase(status?.phase))
    .flatMap(({ spec }) => spec?.containers ?? [])
    .map(({ resources }) => resources?.requests ?? {});
  const asked = {
    memory: requests.reduce((sum, { memory = 0 }) => sum + quantityToNumber(memory), 0),
    cpu: requests.reduce((sum, { cpu = 0 }) => sum + quantityToMillis(cpu), 0),
  };
  const lacking = [
    ...(asked.memory > memoryBytes - reservedBytes ? ["memory"] : []),
    ...(asked.cpu > cpus * 1000 ? ["cpu"] : []),
  ];
  return lacking.length === 0 ? undefined : `Node didn't have enough resource: ${lacking.join(", ")}`;
}
