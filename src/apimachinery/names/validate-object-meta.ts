/** What `metadata` must satisfy, whatever the kind. */
import type { ObjectMeta, OwnerReference } from "../../../api/meta.ts";
import type { StatusCause } from "../../base/errors.ts";
import { forbidden, invalid, required } from "../schema/cause.ts";
import { dns1123Label, type NameCheck, qualifiedName, validLabelValue } from "./names.ts";

export interface ObjectMetaRules {
  namespaced: boolean;
  /** What names of this kind must look like, e.g. `dns1123Subdomain`. */
  nameCheck: NameCheck;
}

const maxAnnotationBytes = 256 * 1024;

/** On create the name may be missing when `generateName` is set: check after generating. */
export function validateObjectMeta(meta: ObjectMeta, rules: ObjectMetaRules): StatusCause[] {
  return [
    ...validateName(meta, rules.nameCheck),
    ...validateNamespace(meta, rules.namespaced),
    ...validateLabels(meta.labels ?? {}, "metadata.labels"),
    ...validateAnnotations(meta.annotations ?? {}),
    ...validateFinalizers(meta.finalizers ?? []),
    ...(meta.ownerReferences ?? []).flatMap(validateOwner),
    ...validateControllers(meta.ownerReferences ?? []),
  ];
}

function validateName(meta: ObjectMeta, nameCheck: NameCheck): StatusCause[] {
  const { name } = meta;
  if (name === undefined || name === "") return [required("metadata.name", "name or generateName is required")];
  return nameCheck(name).map((complaint) => invalid("metadata.name", name, complaint));
}

function validateNamespace(meta: ObjectMeta, namespaced: boolean): StatusCause[] {
  const namespace = meta.namespace ?? "";
  if (!namespaced) return namespace === "" ? [] : [forbidden("metadata.namespace", "not allowed on this type")];
  if (namespace === "") return [required("metadata.namespace")];
  return dns1123Label(namespace).map((complaint) => invalid("metadata.namespace", namespace, complaint));
}

export function validateLabels(labels: Record<string, string>, field: string): StatusCause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((complaint) => invalid(field, key, complaint)),
    ...validLabelValue(value).map((complaint) => invalid(field, value, complaint)),
  ]);
}

function validateAnnotations(annotations: Record<string, string>): StatusCause[] {
  const field = "metadata.annotations";
  const entries = Object.entries(annotations);
  const causes = entries.flatMap(([key]) =>
    qualifiedName(key.toLowerCase()).map((complaint) => invalid(field, key, complaint)),
  );
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > maxAnnotationBytes)
    causes.push({
      reason: "FieldValueTooLong",
      field,
      message: `Too long: may not be more than ${maxAnnotationBytes} bytes`,
    });
  return causes;
}

function validateFinalizers(finalizers: string[]): StatusCause[] {
  return finalizers.flatMap((finalizer, index) =>
    qualifiedName(finalizer).map((complaint) => invalid(`metadata.finalizers[${index}]`, finalizer, complaint)),
  );
}

function validateOwner(owner: OwnerReference, index: number): StatusCause[] {
  const path = `metadata.ownerReferences[${index}]`;
  return (["apiVersion", "kind", "name", "uid"] as const)
    .filter((field) => (owner[field] ?? "") === "")
    .map((field) => required(`${path}.${field}`, `must not be empty`));
}

function validateControllers(owners: OwnerReference[]): StatusCause[] {
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length <= 1) return [];
  const names = controllers.map((owner) => `${owner.kind}/${owner.name}`).join(", ");
  return [invalid("metadata.ownerReferences", names, "Only one reference can have Controller set to true")];
}
