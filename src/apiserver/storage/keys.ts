/** Where objects live in the store: `/registry/GROUP/PLURAL/[NAMESPACE/]NAME`, the core group written `core`. */

export interface KindPlace {
  group: string;
  plural: string;
  namespaced: boolean;
  storedAs?: { group: string; plural: string };
}

export function bucketOf(kind: Pick<KindPlace, "group" | "plural" | "storedAs">): string {
  if (kind.storedAs) return bucketOf(kind.storedAs);
  return `/registry/${kind.group === "" ? "core" : kind.group}/${kind.plural}/`;
}

export function keyOf(kind: KindPlace, namespace: string | undefined, name: string): string {
  return kind.namespaced ? `${bucketOf(kind)}${namespace ?? ""}/${name}` : `${bucketOf(kind)}${name}`;
}

/** The prefix of all objects of a kind, or of those in one namespace. */
export function prefixOf(kind: KindPlace, namespace: string | undefined): string {
  return kind.namespaced && namespace !== undefined ? `${bucketOf(kind)}${namespace}/` : bucketOf(kind);
}

export function bucketOfKey(key: string): string {
  const afterGroup = key.indexOf("/", "/registry/".length);
  return key.slice(0, key.indexOf("/", afterGroup + 1) + 1);
}
