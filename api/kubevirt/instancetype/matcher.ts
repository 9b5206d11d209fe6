/**
 * How a VirtualMachine names the instance type and the preference it is made of, and which copy of them is in force.
 *
 *   spec.instancetype {name, kind} ──first look──▶ ControllerRevision: a copy that the machine owns
 *                                                  status.instancetypeRef {name, kind, controllerRevisionRef}
 *
 * So a machine stays what it was made from, whatever becomes of the original. Another name or kind in the spec pins anew;
 * a `revisionName` there counts whatever the status says.
 */
import type { Resource } from "../../meta.ts";
import { invalid, required, type StatusCause } from "../validate/causes.ts";
import {
  type VirtualMachineClusterInstancetype,
  type VirtualMachineClusterPreference,
  virtualMachineClusterInstancetypes,
  virtualMachineClusterPreferences,
  type VirtualMachineInstancetype,
  virtualMachineInstancetypes,
  type VirtualMachinePreference,
  virtualMachinePreferences,
} from "../resources.ts";
import type { VirtualMachine, VirtualMachineStatus } from "../types.ts";
import { type Matcher, type MatcherField, matcherFields, type MatcherRef } from "./specs.ts";

type Instancetype = VirtualMachineInstancetype | VirtualMachineClusterInstancetype;
type Preference = VirtualMachinePreference | VirtualMachineClusterPreference;
export type MatchedObject = Instancetype | Preference;

const kinds: Record<MatcherField, readonly Resource<MatchedObject>[]> = {
  instancetype: [virtualMachineClusterInstancetypes, virtualMachineInstancetypes] as Resource<MatchedObject>[],
  preference: [virtualMachineClusterPreferences, virtualMachinePreferences] as Resource<MatchedObject>[],
};

/** The kind that a matcher means: by its name in any case, singular or plural; the cluster's when it says none. */
export function matchedResource(field: MatcherField, kind: string | undefined): Resource<MatchedObject> | undefined {
  if (!kind) return kinds[field][0];
  const wanted = kind.toLowerCase();
  return kinds[field].find((each) => each.plural === wanted || each.kind.toLowerCase() === wanted);
}

export function matcherOf(vm: VirtualMachine, field: MatcherField): Matcher | undefined {
  return vm.spec[field] ?? undefined;
}

/** The copy of a machine whose matchers say their kind, as upstream writes it. */
export function defaultMatcherKinds(vm: VirtualMachine): VirtualMachine {
  const defaulted = matcherFields.flatMap((field) => {
    const matcher = matcherOf(vm, field);
    const kind = matchedResource(field, undefined)?.kind.toLowerCase();
    return matcher?.name && !matcher.kind ? [[field, { ...matcher, kind }]] : [];
  });
  return defaulted.length === 0 ? vm : { ...vm, spec: { ...vm.spec, ...Object.fromEntries(defaulted) } };
}

/** As a user may write them. */
export function validateMatchers(vm: VirtualMachine, previous?: VirtualMachine): StatusCause[] {
  return matcherFields.flatMap((field) => {
    const matcher = matcherOf(vm, field);
    if (matcher === undefined) return [];
    return [
      ...validateMatcher(field, matcher),
      ...(previous ? validateMatcherChange(field, matcher, matcherOf(previous, field)) : []),
    ];
  });
}

function validateMatcher(field: MatcherField, matcher: Matcher): StatusCause[] {
  const path = `spec.${field}`;
  const { name, kind, inferFromVolume, inferFromVolumeFailurePolicy: policy } = matcher;
  if (!name && !inferFromVolume)
    return [required(path, `Either Name or InferFromVolume should be provided within the ${field} matcher`)];
  const beside = (what: string) =>
    `${what} should not be provided when InferFromVolume is used within the ${field} matcher`;
  return [
    ...(inferFromVolume && name ? [invalid(`${path}.name`, name, beside("Name"))] : []),
    ...(inferFromVolume && kind ? [invalid(`${path}.kind`, kind, beside("Kind"))] : []),
    ...(matchedResource(field, kind) ? [] : [invalid(`${path}.kind`, kind, unexpectedKind(field, kind))]),
    ...(policy && policy !== "Ignore" && policy !== "Reject"
      ? [
          invalid(
            `${path}.inferFromVolumeFailurePolicy`,
            policy,
            `Invalid value '${policy}' for InferFromVolumeFailurePolicy: use Ignore or Reject`,
          ),
        ]
      : []),
  ];
}

function unexpectedKind(field: MatcherField, kind: string | undefined): string {
  const known = kinds[field].map((each) => each.kind).join(" or ");
  const matcher = field === "instancetype" ? "InstancetypeMatcher" : "PreferenceMatcher";
  return `got unexpected kind in ${matcher}: ${kind}; use ${known}`;
}

/** Whoever names another one must not keep the copy of the one before. */
function validateMatcherChange(field: MatcherField, now: Matcher, before: Matcher | undefined): StatusCause[] {
  const { revisionName } = now;
  if (!before?.revisionName || before.name === now.name || before.revisionName !== revisionName) return [];
  const message = "the Matcher Name has been updated without updating the RevisionName";
  return [invalid(`spec.${field}.revisionName`, revisionName, message)];
}

const refFields = { instancetype: "instancetypeRef", preference: "preferenceRef" } as const;

export function refOf(status: VirtualMachineStatus | undefined, field: MatcherField): MatcherRef | undefined {
  return status?.[refFields[field]] ?? undefined;
}

/** The ControllerRevision that counts, if one does already. */
export function revisionInForce(
  vm: VirtualMachine,
  field: MatcherField,
  status: VirtualMachineStatus | undefined = vm.status,
): string | undefined {
  const matcher = matcherOf(vm, field);
  if (matcher === undefined) return undefined;
  const ref = refOf(status, field);
  const same = ref?.name === matcher.name && kindOf(field, ref?.kind) === kindOf(field, matcher.kind);
  return matcher.revisionName || (same ? ref?.controllerRevisionRef?.name : undefined);
}

function kindOf(field: MatcherField, kind: string | undefined): string | undefined {
  return matchedResource(field, kind)?.kind;
}

/** What the machine's status says of a matcher. */
export function renderRef(matcher: Matcher, revisionName: string | undefined): MatcherRef {
  const { name, kind, inferFromVolume, inferFromVolumeFailurePolicy } = matcher;
  return {
    name,
    kind,
    ...(inferFromVolume && { inferFromVolume }),
    ...(inferFromVolumeFailurePolicy && { inferFromVolumeFailurePolicy }),
    ...(revisionName && { controllerRevisionRef: { name: revisionName } }),
  };
}

/** By which an instance tells of what it was made. */
export function matcherAnnotations(vm: VirtualMachine): Record<string, string> {
  return Object.fromEntries(
    matcherFields.flatMap((field) => {
      const matcher = matcherOf(vm, field);
      const resource = matchedResource(field, matcher?.kind);
      if (!matcher?.name || resource === undefined) return [];
      return [[`kubevirt.io/${resource.namespaced ? "" : "cluster-"}${field}-name`, matcher.name]];
    }),
  );
}

/** A machine that needs nothing but its template. */
export function withoutMatchers(vm: VirtualMachine): VirtualMachine {
  const { instancetype: _, preference: __, ...spec } = vm.spec;
  return { ...vm, spec };
}
