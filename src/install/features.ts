/** What differs between clusters, told by what they serve, never by their version. Pure. */

export interface ClusterFeatures {
  /** `v1` since 1.21, `v1beta1` before 1.25. */
  policyVersion: "v1" | "v1beta1";
  /** Webhooks may be narrowed by CEL expressions. A server that does not know them refuses an apply that has them. */
  webhookMatchConditions: boolean;
}

/** What current releases have: for manifests that are made without a cluster at hand. */
export const portableFeatures: ClusterFeatures = { policyVersion: "v1", webhookMatchConditions: false };

/** `GET /apis`. */
export interface ServedGroups {
  groups: readonly { name: string; versions: readonly { version: string }[] }[];
}

/** What there is no vmpod without; each as old as Kubernetes 1.19. */
const needed = [
  "admissionregistration.k8s.io/v1",
  "apiextensions.k8s.io/v1",
  "apiregistration.k8s.io/v1",
  "apps/v1",
  "authorization.k8s.io/v1",
  "coordination.k8s.io/v1",
  "rbac.authorization.k8s.io/v1",
];

export function missingApis(served: ServedGroups): string[] {
  const lacks = needed.filter((groupVersion) => !serves(served, groupVersion));
  return policyVersionOf(served) === undefined ? [...lacks, "policy/v1"] : lacks;
}

export function policyVersionOf(served: ServedGroups): ClusterFeatures["policyVersion"] | undefined {
  return (["v1", "v1beta1"] as const).find((version) => serves(served, `policy/${version}`));
}

function serves({ groups }: ServedGroups, groupVersion: string): boolean {
  const [name, version] = groupVersion.split("/");
  return groups.some((group) => group.name === name && group.versions.some((each) => each.version === version));
}
