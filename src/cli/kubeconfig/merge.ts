interface Named {
  name: string;
}

/** The parts of a kubeconfig that merging touches; all else is kept as it is. */
export interface KubeconfigFile {
  apiVersion?: string;
  kind?: string;
  "current-context"?: string;
  clusters?: Named[];
  users?: Named[];
  contexts?: Named[];
}

/** Adds one kubeconfig to another: entries of the same name are replaced, its context becomes the current one. */
export function mergeKubeconfig(existing: KubeconfigFile, added: KubeconfigFile): KubeconfigFile {
  return {
    apiVersion: "v1",
    kind: "Config",
    ...existing,
    clusters: mergeNamed(existing.clusters, added.clusters),
    users: mergeNamed(existing.users, added.users),
    contexts: mergeNamed(existing.contexts, added.contexts),
    "current-context": added["current-context"] ?? existing["current-context"],
  };
}

function mergeNamed(existing: Named[] | null = [], added: Named[] | null = []): Named[] {
  const names = new Set(added?.map(({ name }) => name));
  return [...(existing ?? []).filter(({ name }) => !names.has(name)), ...(added ?? [])];
}
