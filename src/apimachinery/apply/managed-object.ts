import type { KubeObject, ManagedFieldsEntry } from "../../../api/meta.ts";

export function withManagers(object: KubeObject, managedFields: ManagedFieldsEntry[]): KubeObject {
  const { managedFields: _old, ...metadata } = object.metadata ?? {};
  return { ...object, metadata: { ...metadata, ...(managedFields.length > 0 && { managedFields }) } };
}

export function withoutManagers(object: KubeObject): KubeObject {
  return withManagers(object, []);
}
