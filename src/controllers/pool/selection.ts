/** Which machines of a pool come first: those that its selectors mean, and among each other as its sort policy says. Pure. */
import { createHash } from "node:crypto";
import { ordinalIn } from "../../../api/kubevirt/pool/render-vm.ts";
import type { SelectionPolicy } from "../../../api/kubevirt/pool/strategies.ts";
import type { VirtualMachinePool } from "../../../api/kubevirt/resources.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import type { Machine } from "./observation.ts";

type Rank = (machine: Machine) => number | string;

export function inOrder(pool: VirtualMachinePool, selection: SelectionPolicy, machines: readonly Machine[]): Machine[] {
  const rank = rankBy(pool, selection.sortPolicy);
  const sorted = machines.toSorted((one, other) => compare(rank(one), rank(other)));
  const isMeant = (machine: Machine) => selection.selectors !== undefined && matches(selection.selectors, machine);
  return [...sorted.filter(isMeant), ...sorted.filter((machine) => !isMeant(machine))];
}

function rankBy(pool: VirtualMachinePool, policy: string | undefined): Rank {
  const ordinal: Rank = ({ vm }) => ordinalIn(pool, vm.metadata?.name) ?? -1;
  const created: Rank = ({ vm }) => Date.parse(vm.metadata?.creationTimestamp ?? "");
  switch (policy) {
    case "AscendingOrder":
      return ordinal;
    case "DescendingOrder":
      return (machine) => -Number(ordinal(machine));
    case "Oldest":
      return created;
    case "Newest":
      return (machine) => -Number(created(machine));
    default:
      // By chance, but the same at each look: else one pass would undo what the one before it began.
      return ({ vm }) =>
        createHash("sha256")
          .update(vm.metadata?.uid ?? "")
          .digest("hex");
  }
}

function compare(one: number | string, other: number | string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function matches(
  { labelSelector, nodeSelectorRequirementMatcher }: NonNullable<SelectionPolicy["selectors"]>,
  { vm, nodeLabels }: Machine,
): boolean {
  const isLabelled = labelSelector === undefined || selects(labelSelector, vm);
  const isThere = nodeSelectorRequirementMatcher === undefined || isOn(nodeSelectorRequirementMatcher, nodeLabels);
  return isLabelled && isThere;
}

type Requirements = NonNullable<NonNullable<SelectionPolicy["selectors"]>["nodeSelectorRequirementMatcher"]>;

/** A machine that runs nowhere is on no node that could be meant. */
function isOn(requirements: Requirements, nodeLabels: Machine["nodeLabels"]): boolean {
  return nodeLabels !== undefined && requirements.every((requirement) => holds(requirement, nodeLabels));
}

function holds(
  { key, operator, values = [] }: Requirements[number],
  nodeLabels: Readonly<Record<string, string>>,
): boolean {
  const [value, bound] = [nodeLabels[key], Number(values[0])];
  switch (operator) {
    case "Gt":
      return Number(value) > bound;
    case "Lt":
      return Number(value) < bound;
    default:
      return selects({ matchExpressions: [{ key, operator, values }] }, { metadata: { labels: { ...nodeLabels } } });
  }
}
