/** Whether one RBAC rule allows a request. Pure. */
import type { PolicyRule } from "../../../api/rbac.ts";
import type { Attributes } from "../../http/attributes.ts";

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!covers(rule.verbs, attributes.verb)) return false;
  if (attributes.nonResourcePath !== undefined)
    return (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, attributes.nonResourcePath ?? ""));
  return (
    covers(rule.apiGroups, attributes.group) &&
    resourceCovers(rule.resources ?? [], attributes) &&
    nameCovers(rule.resourceNames ?? [], attributes.name)
  );
}

function covers(allowed: readonly string[] | undefined, asked: string): boolean {
  return (allowed ?? []).some((each) => each === "*" || each === asked);
}

function resourceCovers(resources: readonly string[], { resource, subresource }: Attributes): boolean {
  const asked = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.some(
    (each) => each === "*" || each === asked || (subresource !== "" && each === `*/${subresource}`),
  );
}

function nameCovers(names: readonly string[], name: string | undefined): boolean {
  return names.length === 0 || names.includes(name ?? "");
}

function urlCovers(pattern: string, path: string): boolean {
  return pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}
