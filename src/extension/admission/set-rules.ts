/** Rules that all kinds have that keep many machines: how many, and which are theirs. Pure. */
import { invalid, required, type StatusCause } from "../../../api/kubevirt/validate/causes.ts";
import type { LabelSelector, ObjectMeta } from "../../../api/meta.ts";
import { selects, type StoredSelector } from "../../apimachinery/selector/selects.ts";
import { validateLabelSelector } from "../../apimachinery/selector/validate-label-selector.ts";

export function validateReplicas(replicas: number | undefined): StatusCause[] {
  if (replicas === undefined || replicas >= 0) return [];
  return [invalid("spec.replicas", replicas, "must be greater than or equal to 0")];
}

/** One that does not select what is made of the template would have machine after machine made. */
export function validateSelector(
  selector: StoredSelector | undefined,
  templateMetadata: ObjectMeta | undefined,
  templateField: string,
): StatusCause[] {
  const field = "spec.selector";
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  if (Object.keys(matchLabels).length + matchExpressions.length === 0)
    return [required(field, `which machines belong to it, e.g. matchLabels with labels of ${templateField}`)];
  const causes = validateLabelSelector(selector as LabelSelector, field);
  if (causes.length > 0 || selects(selector, { metadata: templateMetadata })) return causes;
  return [invalid(field, selector, `selector does not match labels: give ${templateField}.labels what it selects by`)];
}
