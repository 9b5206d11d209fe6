/** Stored objects as a kind serves them. */
import type { KubeObject } from "../../../api/meta.ts";
import { groupVersion, type ServedKind } from "../registry/kind.ts";
import type { Entry } from "../storage/entry.ts";

export function servedJson(kind: ServedKind, entry: Entry): string {
  return kind.conversion ? JSON.stringify(servedObject(kind, entry)) : entry.json(groupVersion(kind));
}

export function servedObject(kind: ServedKind, entry: Entry): KubeObject {
  return asServed(kind, entry.object);
}

export function asServed(kind: ServedKind, object: KubeObject): KubeObject {
  const apiVersion = groupVersion(kind);
  if (kind.conversion) return { ...kind.conversion.fromStorage(object), apiVersion };
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** The group and version in which a kind's objects are stored. */
export function storedVersion(kind: ServedKind): string {
  return groupVersion({ group: (kind.storedAs ?? kind).group, version: kind.storageVersion });
}
