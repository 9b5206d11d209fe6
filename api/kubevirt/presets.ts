/**
 * VirtualMachineInstancePresets: parts of a domain that an instance gets when it is made. Deprecated upstream in favour of instance types.
 * Pure.
 *
 * A domain is looked at in elements: each of its fields, each field of `devices`, each quantity of `resources`. An element that the
 * instance leaves open comes from the preset; one that it has itself stays, and if the two differ that is told.
 */
import { invalid, type StatusCause } from "./validate/causes.ts";
import type { VirtualMachineInstancePreset } from "./resources.ts";
import { sameJson } from "./same-json.ts";
import type { VirtualMachineInstance } from "./types.ts";

/** On an instance that wants none, with the value `true`. */
export const presetExclusion = "virtualmachineinstancepresets.admission.kubevirt.io/exclude";
const appliedPrefix = "virtualmachinepreset.kubevirt.io/";

type Path = readonly string[];
interface Element {
  path: Path;
  value: unknown;
}

/** Where the elements of these fields are: so many steps below. */
const depths: Readonly<Record<string, number>> = { devices: 1, resources: 2 };

/** Those that contradict each other: none of them can be right. */
export function presetConflicts(presets: readonly VirtualMachineInstancePreset[]): StatusCause[] {
  const owners = new Map<string, { name: string; value: unknown }>();
  return presets.flatMap((preset) =>
    elementsOf(preset.spec?.domain).flatMap(({ path, value }): StatusCause[] => {
      const [field, name] = [`spec.domain.${path.join(".")}`, preset.metadata?.name ?? ""];
      const owner = owners.get(field) ?? { name, value };
      owners.set(field, owner);
      if (sameJson(owner.value, value)) return [];
      const rule = `VirtualMachineInstancePresets ${owner.name} and ${name} both select this instance and differ here: change one of their selectors`;
      return [invalid(field, value, rule)];
    }),
  );
}

/** What the instance says itself, against a preset. */
export function presetOverrides(vmi: VirtualMachineInstance, preset: VirtualMachineInstancePreset): string[] {
  return elementsOf(preset.spec?.domain).flatMap(({ path, value }) => {
    const own = valueAt(vmi.spec?.domain, path);
    return own === undefined || sameJson(own, value) ? [] : [`spec.domain.${path.join(".")}`];
  });
}

/** The instance with what the presets have for it, and an annotation for each that was of use. */
export function applyPresets(
  vmi: VirtualMachineInstance,
  presets: readonly VirtualMachineInstancePreset[],
): VirtualMachineInstance {
  const copy = structuredClone(vmi);
  copy.spec.domain ??= { devices: {} };
  for (const preset of presets) {
    const fitting = elementsOf(preset.spec?.domain).filter(({ path, value }) => {
      const own = valueAt(copy.spec.domain, path);
      return own === undefined || sameJson(own, value);
    });
    for (const { path, value } of fitting) setAt(copy.spec.domain, path, structuredClone(value));
    if (fitting.length > 0) annotate(copy, `${appliedPrefix}${preset.metadata?.name}`);
  }
  return copy;
}

export function hasPreset(vmi: VirtualMachineInstance, preset: VirtualMachineInstancePreset): boolean {
  return vmi.metadata?.annotations?.[`${appliedPrefix}${preset.metadata?.name}`] !== undefined;
}

function annotate(vmi: VirtualMachineInstance, name: string): void {
  vmi.metadata = { ...vmi.metadata, annotations: { ...vmi.metadata?.annotations, [name]: "kubevirt.io/v1" } };
}

function elementsOf(domain: object | undefined): Element[] {
  return fieldsOf(domain).flatMap(([name, value]) => descend([name], value, depths[name] ?? 0));
}

function descend(path: Path, value: unknown, depth: number): Element[] {
  if (depth === 0 || !isRecord(value)) return [{ path, value }];
  return fieldsOf(value).flatMap(([name, child]) => descend([...path, name], child, depth - 1));
}

function fieldsOf(value: object | undefined): [string, unknown][] {
  return Object.entries(value ?? {}).filter(([, child]) => child !== undefined && child !== null);
}

function valueAt(domain: object | undefined, path: Path): unknown {
  return path.reduce<unknown>(
    (here, name) => (isRecord(here) && Object.hasOwn(here, name) ? here[name] : undefined),
    domain,
  );
}

function setAt(domain: object, path: Path, value: unknown): void {
  let here = domain as Record<string, unknown>;
  for (const name of path.slice(0, -1)) {
    if (!isRecord(here[name])) here[name] = {};
    here = here[name] as Record<string, unknown>;
  }
  here[path.at(-1) ?? ""] = value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
