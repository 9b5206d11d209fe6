/** Short notation for policy rules. */
import type { PolicyRule } from "../../../../api/rbac.ts";

export const read = ["get", "list", "watch"];
export const write = ["create", "delete", "deletecollection", "patch", "update"];
export const everyVerb = ["*"];

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

export interface BootstrapRole {
  rules?: PolicyRule[];
  labels?: Record<string, string>;
  /** Made of all roles with this label. */
  aggregates?: string;
}
