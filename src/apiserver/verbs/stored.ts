/** The form in which an object goes into the store. */
import type { KubeObject } from "../../../api/meta.ts";
import { groupVersion, type ServedKind } from "../registry/kind.ts";

export function stored(kind: ServedKind, object: KubeObject): KubeObject {
  return { ...object, apiVersion: groupVersion({ group: kind.group, version: kind.storageVersion }) };
}
