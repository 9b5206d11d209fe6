/** Keeps `metadata.managedFields` true when an object is created or changed by anything but server-side apply. */
import type { KubeObject } from "../../../api/meta.ts";
import type { Schema } from "../schema/schema.ts";
import { compareObjects } from "./compare.ts";
import { emptySet, isEmptySet, unionOf, withoutTrees } from "./field-set.ts";
import { decodeManagers, encodeManagers, type Manager, type ManagerKey, sameManager, setManager } from "./managers.ts";
import { withManagers, withoutManagers } from "./managed-object.ts";
import { yieldFields } from "./yield-fields.ts";
import { withoutServerManaged } from "./server-managed.ts";

export interface UpdateRequest {
  /** The stored object; undefined for a create. */
  before: KubeObject | undefined;
  /** The object as it is going to be stored. */
  after: KubeObject;
  manager: string;
  /** Empty for the main resource. */
  subresource: string;
  /** Linked, of the kind. */
  schema: Schema;
  /** RFC 3339, to the second. */
  now: string;
}

/** Returns `after` with its `managedFields`: whoever changes a field owns it from then on. Changes no argument. */
export function trackUpdate({ before, after, manager, subresource, schema, now }: UpdateRequest): KubeObject {
  const key: ManagerKey = { name: manager, operation: "Update", apiVersion: after.apiVersion ?? "", subresource };
  const managers = startingManagers(before, after);
  const comparison = compareObjects(schema, before ? withoutManagers(before) : {}, withoutManagers(after));
  const changed = withoutServerManaged(unionOf(comparison.added, comparison.modified));
  const yielded = yieldFields(managers, key, { ...comparison, added: changed, modified: emptySet }, true);
  const old = yielded.find((other) => sameManager(other, key));
  const fields = unionOf(withoutTrees(old?.fields ?? emptySet, comparison.removed), changed);
  const time = isEmptySet(changed) ? (old?.time ?? now) : now;
  return withManagers(after, encodeManagers(setManager(yielded, key, fields, time)));
}

/**
 * A client may rewrite `managedFields`, or reset them with one empty entry; leaving them out, as clients do that
 * know nothing of them, changes nothing.
 */
function startingManagers(before: KubeObject | undefined, after: KubeObject): Manager[] {
  const given = after.metadata?.managedFields ?? [];
  const isReset = given.length === 1 && Object.keys(given[0] ?? {}).length === 0;
  if (isReset) return [];
  return decodeManagers(given.length > 0 ? given : before?.metadata?.managedFields);
}
