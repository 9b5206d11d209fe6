/** The served groups, versions and resources, from which every form of discovery is made. */

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

/** Versions by group, the preferred one first. */
export function grouped(versions: readonly DiscoveredVersion[]): DiscoveredGroup[] {
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
