/** The documents of discovery: legacy (one a group version) and aggregated (`apidiscovery.k8s.io`). */
import type { DiscoveredGroup, DiscoveredResource, DiscoveredVersion } from "./groups.ts";

const nameOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? version : `${group}/${version}`;

export function apiVersionsDocument(groups: readonly DiscoveredGroup[], address: string) {
  const core = groups.find((group) => group.name === "");
  return {
    kind: "APIVersions",
    versions: core?.versions.map(({ version }) => version) ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

export function groupDocument(group: DiscoveredGroup) {
  const versions = group.versions.map((each) => ({ groupVersion: nameOf(each), version: each.version }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}

export function groupListDocument(groups: readonly DiscoveredGroup[]) {
  const named = groups.filter((group) => group.name !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupDocument) };
}

export function resourceListDocument(version: DiscoveredVersion) {
  const resources = version.resources.map((resource) => ({ ...resource }));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: nameOf(version), resources };
}

/** `apiVersion` is v2 or v2beta1: the documents are alike. */
export function aggregatedDocument(groups: readonly DiscoveredGroup[], apiVersion: string) {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${apiVersion}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.name === "" ? { creationTimestamp: null } : { name: group.name, creationTimestamp: null },
      versions: group.versions.map((version) => ({
        version: version.version,
        resources: aggregatedResources(version),
        freshness: "Current",
      })),
    })),
  };
}

function aggregatedResources(version: DiscoveredVersion) {
  const main = version.resources.filter((resource) => !resource.name.includes("/"));
  const children = version.resources.filter((resource) => resource.name.includes("/"));
  const orphans = [...new Set(children.map(parentOf))].filter((parent) => !main.some((each) => each.name === parent));
  return [
    ...main.map((resource) => ({
      ...aggregated(version, resource, resource.name),
      ...subresources(version, resource.name),
    })),
    // Subresources of resources that this group version does not serve itself.
    ...orphans.map((parent) => ({
      resource: parent,
      scope: scopeOf(children, parent),
      verbs: [],
      ...subresources(version, parent),
    })),
  ];
}

function parentOf(resource: DiscoveredResource): string {
  return resource.name.split("/")[0] ?? "";
}

function scopeOf(children: readonly DiscoveredResource[], parent: string): string {
  return children.some((child) => parentOf(child) === parent && child.namespaced) ? "Namespaced" : "Cluster";
}

function subresources(version: DiscoveredVersion, parent: string) {
  const found = version.resources.filter((each) => each.name.startsWith(`${parent}/`));
  if (found.length === 0) return {};
  return {
    subresources: found.map((each) => ({
      subresource: each.name.slice(parent.length + 1),
      responseKind: responseKind(version, each),
      verbs: each.verbs,
    })),
  };
}

function aggregated(version: DiscoveredVersion, resource: DiscoveredResource, name: string) {
  const { singularName, shortNames, categories, verbs } = resource;
  return {
    resource: name,
    responseKind: responseKind(version, resource),
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: singularName,
    verbs,
    ...(shortNames && { shortNames }),
    ...(categories && { categories }),
  };
}

function responseKind(version: DiscoveredVersion, resource: DiscoveredResource) {
  const { group = version.group, version: kindVersion = version.version, kind } = resource;
  return { group, version: kindVersion, kind };
}
