/**
 * Server-side apply: a manager says which fields it wants and with which values.
 *
 *   live + applied --merge--> fields the manager applied before and dropped are removed, unless owned by others
 *                  --compare with live--> changed fields that others own: conflict, or (force) they lose them
 *
 * Afterwards the manager owns exactly what it applied. Two managers that apply the same value share the field.
 */
import type { KubeObject } from "../../../api/meta.ts";
import type { Schema } from "../schema/schema.ts";
import { compareObjects, isNoChange } from "./compare.ts";
import { emptySet, type FieldSet, unionOf } from "./field-set.ts";
import { fieldsOf } from "./fields-of.ts";
import {
  decodeManagers,
  encodeManagers,
  isUnchanged,
  type Manager,
  type ManagerKey,
  sameManager,
  setManager,
} from "./managers.ts";
import { withManagers, withoutManagers } from "./managed-object.ts";
import { mergeValues } from "./merge-values.ts";
import { removeFields } from "./remove-fields.ts";
import { withoutServerManaged } from "./server-managed.ts";
import { yieldFields } from "./yield-fields.ts";

export interface ApplyRequest {
  /** The stored object; undefined when the apply creates it. */
  live: KubeObject | undefined;
  /** What the request wants, decoded; its `managedFields` must be empty. */
  applied: KubeObject;
  manager: string;
  /** Take over fields that others own. */
  force: boolean;
  /** Linked, of the kind. */
  schema: Schema;
  /** Empty for the main resource. */
  subresource: string;
  /** RFC 3339, to the second. */
  now: string;
}

/** Returns the new object with its `managedFields`; changes no argument. @throws StatusError Conflict */
export function serverSideApply({ live, applied, schema, now, ...request }: ApplyRequest): KubeObject {
  const wanted = withoutManagers(applied);
  const current = live === undefined ? {} : withoutManagers(live);
  const key: ManagerKey = {
    name: request.manager,
    operation: "Apply",
    apiVersion: applied.apiVersion ?? "",
    subresource: request.subresource,
  };
  const known = live === undefined ? [] : knownManagers(live, schema, now);
  const before = known.find((manager) => sameManager(manager, key));
  const fields = withoutServerManaged(fieldsOf(schema, wanted));
  const owned = setManager(known, key, fields, now).reduce((all, manager) => unionOf(all, manager.fields), emptySet);
  const merged = mergeValues(schema, current, wanted);
  const ownership = { last: before?.fields ?? emptySet, owned: unionOf(owned, identity(schema, current)) };
  const result = removeFields(schema, merged, ownership) as KubeObject;
  const comparison = compareObjects(schema, current, result);
  const isSame = isNoChange(comparison) && isUnchanged(known, key, fields);
  const managers = setManager(known, key, fields, isSame ? (before?.time ?? now) : now);
  return withManagers(result, encodeManagers(yieldFields(managers, key, comparison, request.force)));
}

/** What makes the object the one it is, owned by nobody, must stay. */
function identity(schema: Schema, object: KubeObject): FieldSet {
  const { apiVersion, kind, metadata } = object;
  return fieldsOf(schema, { apiVersion, kind, metadata: { name: metadata?.name, uid: metadata?.uid } });
}

/** An object that never had managers is owned, so far, by whoever made it. */
function knownManagers(live: KubeObject, schema: Schema, now: string): Manager[] {
  const managers = decodeManagers(live.metadata?.managedFields);
  if (managers.length > 0) return managers;
  const fields = withoutServerManaged(fieldsOf(schema, withoutManagers(live)));
  const apiVersion = live.apiVersion ?? "";
  return [{ name: "before-first-apply", operation: "Update", apiVersion, subresource: "", time: now, fields }];
}
