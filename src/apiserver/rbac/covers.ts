/** Whether a set of rules holds everything that other rules grant. Pure. */
import type { PolicyRule } from "../../../api/rbac.ts";

/** The parts of `wanted` that no rule of `held` covers, each as a rule with one verb and one resource. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !held.some((rule) => covers(rule, part)));
}

function breakDown(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = [];
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) parts.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? [])
        parts.push({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(rule.resourceNames?.length && { resourceNames: rule.resourceNames }),
        });
  }
  return parts;
}

function covers(held: PolicyRule, part: PolicyRule): boolean {
  if (!has(held.verbs, part.verbs[0])) return false;
  if (part.nonResourceURLs)
    return (held.nonResourceURLs ?? []).some((url) => urlCovers(url, part.nonResourceURLs?.[0] ?? ""));
  const resource = part.resources?.[0] ?? "";
  const sub = resource.includes("/") ? `*/${resource.split("/")[1] ?? ""}` : resource;
  return (
    has(held.apiGroups, part.apiGroups?.[0]) &&
    (has(held.resources, resource) || has(held.resources, sub)) &&
    namesCover(held, part)
  );
}

function has(held: readonly string[] | undefined, wanted: string | undefined): boolean {
  return (held ?? []).some((each) => each === "*" || each === wanted);
}

function namesCover(held: PolicyRule, part: PolicyRule): boolean {
  const names = held.resourceNames ?? [];
  if (names.length === 0) return true;
  return (part.resourceNames ?? []).length > 0 && (part.resourceNames ?? []).every((name) => names.includes(name));
}

function urlCovers(held: string, wanted: string): boolean {
  return held === wanted || (held.endsWith("*") && wanted.startsWith(held.slice(0, -1)));
}
