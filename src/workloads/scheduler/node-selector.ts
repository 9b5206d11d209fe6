/** `NodeSelector` terms: any term may match, all expressions of a term must. */
import type { Node, NodeSelector, NodeSelectorRequirement } from "../../../api/core.ts";

export function matchesNodeSelector({ nodeSelectorTerms }: NodeSelector, node: Node): boolean {
  return nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    const fields: Record<string, string> = { "metadata.name": node.metadata?.name ?? "" };
    return (
      matchExpressions.every((requirement) => meets(requirement, node.metadata?.labels ?? {})) &&
      matchFields.every((requirement) => meets(requirement, fields))
    );
  });
}

function meets({ key, operator, values = [] }: NodeSelectorRequirement, labels: Record<string, string>): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
