/** The form in which an object goes into the store: in the storage version, its fields owned by whoever set them. */
import type { KubeObject } from "../../../api/meta.ts";
import { trackUpdate } from "../../apimachinery/apply/track-update.ts";
import { groupVersion, type ServedKind } from "../registry/kind.ts";
import type { Operation } from "./call.ts";
import { now } from "./new-meta.ts";

export function stored(operation: Operation, object: KubeObject, before: KubeObject | undefined): KubeObject {
  const { kind } = operation;
  const apiVersion = groupVersion({ group: kind.group, version: kind.storageVersion });
  return { ...(operation.applies ? object : owned(operation, object, before)), apiVersion };
}

function owned({ kind, path, fieldManager }: Operation, after: KubeObject, before: KubeObject | undefined): KubeObject {
  return trackUpdate({
    before: before && asServed(kind, before),
    after,
    manager: fieldManager,
    subresource: path.subresource,
    schema: kind.schema ?? {},
    now: now(),
  });
}

export function asServed(kind: ServedKind, object: KubeObject): KubeObject {
  return { ...object, apiVersion: groupVersion(kind) };
}
