/** The answer to an apply that would change fields which others own, worded as Kubernetes words it. */
import { type StatusCause, StatusError } from "../../base/errors.ts";
import { type FieldSet, pathsOfSet } from "./field-set.ts";
import type { Manager } from "./managers.ts";
import { formatPath } from "./parts.ts";

export interface Conflict {
  manager: Manager;
  fields: FieldSet;
}

export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const all = conflicts.flatMap(({ manager, fields }) =>
    pathsOfSet(fields).map((path) => ({ who: describe(manager), path: formatPath(path) })),
  );
  const causes = all.map(
    ({ who, path }): StatusCause => ({ reason: "FieldManagerConflict", message: `conflict with ${who}`, field: path }),
  );
  return new StatusError("Conflict", message(all), { causes });
}

function message(all: readonly { who: string; path: string }[]): string {
  const [first] = all;
  if (all.length === 1 && first) return `Apply failed with 1 conflict: conflict with ${first.who}: ${first.path}`;
  const lines = [...new Set(all.map(({ who }) => who))].sort().flatMap((who) => {
    const paths = all.filter((conflict) => conflict.who === who).map(({ path }) => `- ${path}`);
    return [`conflicts with ${who}:`, ...paths];
  });
  return `Apply failed with ${all.length} conflicts: ${lines.join("\n")}`;
}

function describe({ name, operation, apiVersion, subresource }: Manager): string {
  const text = subresource === "" ? JSON.stringify(name) : `${JSON.stringify(name)} with subresource "${subresource}"`;
  return operation === "Update" ? `${text} using ${apiVersion}` : text;
}
