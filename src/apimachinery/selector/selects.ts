/** Which objects a `metav1.LabelSelector` selects. */
import type { KubeObject, LabelSelector } from "../../../api/meta.ts";
import { formatLabelSelector, type LabelRequirement, matchesLabels, requirementsOf } from "./label-selector.ts";

/** As upstream's types have it; the API server admits only the four operators. */
export type StoredSelector = Omit<LabelSelector, "matchExpressions"> & {
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};

/** An absent selector selects nothing. */
export function selects(selector: StoredSelector | undefined, object: KubeObject): boolean {
  return selector !== undefined && matchesLabels(requirements(selector), object.metadata?.labels);
}

/** As a query has it, for `status.labelSelector`, which autoscalers read. */
export function selectorText(selector: StoredSelector): string {
  const byKey = (one: LabelRequirement, other: LabelRequirement) => (one.key < other.key ? -1 : 1);
  return formatLabelSelector(requirements(selector).toSorted(byKey));
}

function requirements(selector: StoredSelector): LabelRequirement[] {
  return requirementsOf(selector as LabelSelector);
}
