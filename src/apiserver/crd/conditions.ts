/** Whether a definition's names are free, and the status that says so. Pure. */
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from "../../../api/apiextensions.ts";
import { compareVersions } from "../../http/discovery/groups.ts";
import { now } from "../verbs/new-meta.ts";

type Names = CustomResourceDefinition["spec"]["names"];
type Status = NonNullable<CustomResourceDefinition["status"]>;

export interface NameConflict {
  reason: string;
  message: string;
}

/** `others`: the accepted names of other definitions of the same group. */
export function findConflict(names: Names, others: readonly Names[]): NameConflict | undefined {
  const resourceNames = new Set(
    others.flatMap((each) => [each.plural, each.singular ?? "", ...(each.shortNames ?? [])]),
  );
  const kinds = new Set(others.flatMap((each) => [each.kind, each.listKind ?? `${each.kind}List`]));
  const taken = (reason: string, name: string): NameConflict => ({
    reason,
    message: `${JSON.stringify(name)} is already in use`,
  });
  if (resourceNames.has(names.plural)) return taken("PluralConflict", names.plural);
  if (names.singular && resourceNames.has(names.singular)) return taken("SingularConflict", names.singular);
  const short = (names.shortNames ?? []).find((name) => resourceNames.has(name));
  if (short !== undefined) return taken("ShortNamesConflict", short);
  return kinds.has(names.kind) ? taken("KindConflict", names.kind) : undefined;
}

export function definitionStatus(definition: CustomResourceDefinition, conflict: NameConflict | undefined): Status {
  const before: Partial<Status> = definition.status ?? {};
  const storage = definition.spec.versions.find((version) => version.storage)?.name ?? "";
  const established = conflict === undefined || isTrue(before.conditions, "Established");
  const accepted: Names = conflict ? (before.acceptedNames ?? definition.spec.names) : fullNames(definition.spec.names);
  const conditions = [
    conflict
      ? condition(before, "NamesAccepted", "False", conflict.reason, conflict.message)
      : condition(before, "NamesAccepted", "True", "NoConflicts", "no conflicts found"),
    established
      ? condition(before, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
      : condition(before, "Established", "False", "NotAccepted", "not all names are accepted"),
    ...(definition.metadata?.deletionTimestamp
      ? [
          condition(
            before,
            "Terminating",
            "True",
            "InstanceDeletionInProgress",
            "CustomResource deletion is in progress",
          ),
        ]
      : []),
  ];
  const storedVersions = [...new Set([...(before.storedVersions ?? []), storage])].sort(compareVersions);
  return { conditions, acceptedNames: accepted, storedVersions };
}

function isTrue(conditions: readonly CustomResourceDefinitionCondition[] | undefined, type: string): boolean {
  return conditions?.some((each) => each.type === type && each.status === "True") ?? false;
}

function fullNames(names: Names): Names {
  return {
    ...names,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
  };
}

function condition(
  before: Partial<Status>,
  type: string,
  status: string,
  reason: string,
  message: string,
): CustomResourceDefinitionCondition {
  const known = before.conditions?.find((each) => each.type === type);
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : now();
  return { type, status, lastTransitionTime, reason, message };
}
