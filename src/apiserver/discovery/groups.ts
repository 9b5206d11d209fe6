/** What the server shows in discovery: stored kinds, what comes without them, and delegated groups. */
import type { ApiDelegate } from "../../../api/admission.ts";
import {
  type DiscoveredGroup,
  type DiscoveredResource,
  type DiscoveredVersion,
  grouped,
} from "../../http/discovery/groups.ts";
import { groupVersion, type ServedKind } from "../registry/kind.ts";

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
