/** The served groups, versions and resources, from which every form of discovery is made. */
import type { ApiDelegate } from "../../../api/admission.ts";
import { groupVersion, type ServedKind } from "../registry/kind.ts";

export interface DiscoveredResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  /** When the kind is of another group, as for `scale`. */
  group?: string;
  version?: string;
  verbs: readonly string[];
  shortNames?: readonly string[];
  categories?: readonly string[];
}

export interface DiscoveredVersion {
  group: string;
  version: string;
  resources: DiscoveredResource[];
}

export interface DiscoveredGroup {
  name: string;
  /** Preferred version first. */
  versions: DiscoveredVersion[];
}

/** Resources that no stored kind brings: reviews and subresources of built-in kinds. */
export type ExtraResources = Readonly<Record<string, readonly DiscoveredResource[]>>;

export function discover(
  kinds: readonly ServedKind[],
  extra: ExtraResources,
  delegates: readonly ApiDelegate[],
): DiscoveredGroup[] {
  const versions = new Map<string, DiscoveredVersion>();
  const versionOf = (group: string, version: string): DiscoveredVersion => {
    const name = groupVersion({ group, version });
    const known = versions.get(name) ?? { group, version, resources: [] };
    versions.set(name, known);
    return known;
  };
  for (const kind of kinds) versionOf(kind.group, kind.version).resources.push(...resourcesOf(kind));
  for (const [name, resources] of Object.entries(extra)) {
    const [version = "", group = ""] = name.split("/").toReversed();
    versionOf(group, version).resources.push(...resources);
  }
  for (const delegate of delegates)
    for (const version of delegate.versions)
      versionOf(delegate.group, version).resources.push(...delegate.resources(version));
  return grouped([...versions.values()]);
}

function resourcesOf(kind: ServedKind): DiscoveredResource[] {
  const { plural, singular, namespaced, shortNames, categories, verbs } = kind;
  const base = { singularName: "", namespaced, kind: kind.kind };
  const main = {
    ...base,
    name: plural,
    singularName: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
  const found: DiscoveredResource[] = [main];
  const changing = ["get", "patch", "update"];
  if (kind.statusSubresource) found.push({ ...base, name: `${plural}/status`, verbs: changing });
  const scale = {
    ...base,
    name: `${plural}/scale`,
    group: "autoscaling",
    version: "v1",
    kind: "Scale",
    verbs: changing,
  };
  if (kind.scale) found.push(scale);
  return found;
}

function grouped(versions: DiscoveredVersion[]): DiscoveredGroup[] {
  const groups = new Map<string, DiscoveredGroup>();
  for (const version of versions) {
    const group = groups.get(version.group) ?? { name: version.group, versions: [] };
    group.versions.push(version);
    groups.set(version.group, group);
  }
  for (const group of groups.values()) group.versions.sort((a, b) => compareVersions(b.version, a.version));
  return [...groups.values()];
}

/** GA before beta before alpha, then by number (k8s.io/apimachinery version.CompareKubeAwareVersionStrings). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  if (!left || !right) return left ? 1 : right ? -1 : a < b ? 1 : -1;
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const stages: Record<string, number> = { alpha: 0, beta: 1 };
const stable = 2;

function versionRank(version: string): number[] | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  return match ? [stages[match[2] ?? ""] ?? stable, Number(match[1]), Number(match[3] ?? 0)] : undefined;
}
