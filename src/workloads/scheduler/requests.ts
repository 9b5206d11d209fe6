/** What a pod asks of a node: the sum of its containers, or its largest init step when that is more, plus overhead. */
import type { Container, Pod } from "../../../api/core.ts";
import { parseQuantity } from "../../base/quantity.ts";

/** Resource name -> exact amount as `parseQuantity` gives it. */
export type Amounts = Record<string, bigint>;

export function podRequests(pod: Pod): Amounts {
  const { containers = [], initContainers = [], overhead } = pod.spec ?? {};
  const sidecars = initContainers.filter((container) => container.restartPolicy === "Always");
  const running = addAll([...containers, ...sidecars].map(containerRequests));
  const initSteps = initContainers.map((container, index) =>
    addAll(
      [container, ...initContainers.slice(0, index).filter((earlier) => sidecars.includes(earlier))].map(
        containerRequests,
      ),
    ),
  );
  const largest = initSteps.reduce(maximum, running);
  return addAll([largest, amountsOf(overhead)]);
}

function containerRequests({ resources }: Container): Amounts {
  // A limit without a request is its own request.
  return { ...amountsOf(resources?.limits), ...amountsOf(resources?.requests) };
}

function amountsOf(quantities: Record<string, string | number> | undefined): Amounts {
  return Object.fromEntries(Object.entries(quantities ?? {}).map(([name, value]) => [name, parseQuantity(value)]));
}

export function addAll(all: readonly Amounts[]): Amounts {
  const total: Amounts = {};
  for (const [name, amount] of all.flatMap((amounts) => Object.entries(amounts)))
    total[name] = (total[name] ?? 0n) + amount;
  return total;
}

function maximum(left: Amounts, right: Amounts): Amounts {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return Object.fromEntries(
    names.map((name) => {
      const [a, b] = [left[name] ?? 0n, right[name] ?? 0n];
      return [name, a > b ? a : b];
    }),
  );
}
