/** What a `metav1.LabelSelector` must satisfy, in Kubernetes' words. */
import type { LabelSelector, LabelSelectorRequirement } from "../../../api/meta.ts";
import type { StatusCause } from "../../base/errors.ts";
import { qualifiedName, validLabelValue } from "../names/names.ts";
import { validateLabels } from "../names/validate-object-meta.ts";
import { forbidden, invalid, required } from "../schema/cause.ts";

export function validateLabelSelector(selector: LabelSelector, path: string): StatusCause[] {
  return [
    ...validateLabels(selector.matchLabels ?? {}, `${path}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((requirement, index) =>
      validateRequirement(requirement, `${path}.matchExpressions[${index}]`),
    ),
  ];
}

function validateRequirement({ key, operator, values = [] }: LabelSelectorRequirement, path: string): StatusCause[] {
  return [
    ...validateOperator(operator, values, path),
    ...qualifiedName(key).map((complaint) => invalid(`${path}.key`, key, complaint)),
    ...values.flatMap((value, index) =>
      validLabelValue(value).map((complaint) => invalid(`${path}.values[${index}]`, value, complaint)),
    ),
  ];
}

function validateOperator(operator: string, values: readonly string[], path: string): StatusCause[] {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0
        ? []
        : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      return values.length === 0
        ? []
        : [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      return [invalid(`${path}.operator`, operator, "not a valid selector operator")];
  }
}
