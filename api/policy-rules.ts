/** Short notation for the rules of roles. */
import type { PolicyRule } from "./rbac.ts";

export const read = ["get", "list", "watch"];
export const write = ["create", "delete", "deletecollection", "patch", "update"];
export const everyVerb = ["*"];

/** @param resources separated by spaces */
export function rule(
  group: string,
  resources: string,
  verbs: readonly string[],
  names?: readonly string[],
): PolicyRule {
  return {
    apiGroups: [group],
    resources: resources.split(" "),
    verbs: [...verbs],
    ...(names && { resourceNames: [...names] }),
  };
}

export function urls(paths: readonly string[], verbs: readonly string[] = ["get"]): PolicyRule {
  return { nonResourceURLs: [...paths], verbs: [...verbs] };
}
