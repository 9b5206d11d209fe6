/** `object` and `before` as served; the result is the form in which an object goes into the store: in the storage version, its fields owned by whoever set them. */
import type { KubeObject } from "../../../api/meta.ts";
import { trackUpdate } from "../../apimachinery/apply/track-update.ts";
import type { Operation } from "./call.ts";
import { now } from "./new-meta.ts";
import { storedVersion } from "./served.ts";

export function stored(operation: Operation, object: KubeObject, before: KubeObject | undefined): KubeObject {
  const { kind } = operation;
  const next = operation.applies ? object : owned(operation, object, before);
  return { ...(kind.conversion?.toStorage(next) ?? next), apiVersion: storedVersion(kind) };
}

function owned({ kind, path, fieldManager }: Operation, after: KubeObject, before: KubeObject | undefined): KubeObject {
  return trackUpdate({
    before,
    after,
    manager: fieldManager,
    subresource: path.subresource,
    schema: kind.schema ?? {},
    now: now(),
  });
}
