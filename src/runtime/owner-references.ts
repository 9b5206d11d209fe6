import { apiVersionOf, type KubeObject, type OwnerReference, type Resource } from "../../api/meta.ts";
import { InvariantError } from "../base/errors.ts";

/** The reference that makes `owner` the one controller of an object. */
export function controllerReference(resource: Resource, owner: KubeObject): OwnerReference {
  return { ...ownerReference(resource, owner), controller: true, blockOwnerDeletion: true };
}

export function ownerReference(resource: Resource, owner: KubeObject): OwnerReference {
  const { name, uid } = owner.metadata ?? {};
  if (!name || !uid)
    throw new InvariantError(`${resource.kind} ${name ?? "(no name)"}: an owner needs a name and a uid`);
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, name, uid };
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

/** By uid: an object of the same name that came later is another one. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  const uid = owner.metadata?.uid;
  return uid !== undefined && controllerOf(object)?.uid === uid;
}

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata?.finalizers?.includes(finalizer) === true;
}

export function withFinalizer<T extends KubeObject>(object: T, finalizer: string): T {
  if (hasFinalizer(object, finalizer)) return object;
  return {
    ...object,
    metadata: { ...object.metadata, finalizers: [...(object.metadata?.finalizers ?? []), finalizer] },
  };
}

export function withoutFinalizer<T extends KubeObject>(object: T, finalizer: string): T {
  if (!hasFinalizer(object, finalizer)) return object;
  const finalizers = object.metadata?.finalizers?.filter((other) => other !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

export function isBeingDeleted(object: KubeObject): boolean {
  return object.metadata?.deletionTimestamp !== undefined;
}
