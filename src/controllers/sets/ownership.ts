/**
 * Who belongs to whom is what `metadata.ownerReferences` say: these patches make an object one's own, or let it go. They hold only for
 * the object as it was seen, so that nobody takes what somebody else took in between.
 */
import type { KubeObject, OwnerReference, Resource } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { controllerReference, isBeingDeleted } from "../../runtime/owner-references.ts";

export interface Ownership<T extends KubeObject> {
  resource: Resource<T>;
  object: T;
  ownerResource: Resource;
  owner: KubeObject;
}

/** The owner is asked for afresh: from one that is going and lets its own live on, the garbage collector would take them. */
export async function adopt<T extends KubeObject>(
  client: Client,
  ownership: Ownership<T>,
  signal: AbortSignal,
): Promise<T> {
  const { object, ownerResource, owner } = ownership;
  const { namespace, name = "", uid } = owner.metadata ?? {};
  const current = await client.get(ownerResource, { namespace, name }, { signal });
  if (current.metadata?.uid !== uid || isBeingDeleted(current))
    throw new StatusError("Conflict", `${ownerResource.kind} "${name}" is going: it adopts nothing`);
  return write(client, ownership, [...ownersOf(object), controllerReference(ownerResource, owner)], signal);
}

export function release<T extends KubeObject>(
  client: Client,
  ownership: Ownership<T>,
  signal: AbortSignal,
): Promise<T> {
  const { object, owner } = ownership;
  const others = ownersOf(object).filter(({ uid }) => uid !== owner.metadata?.uid);
  return write(client, ownership, others, signal);
}

function ownersOf(object: KubeObject): readonly OwnerReference[] {
  return object.metadata?.ownerReferences ?? [];
}

function write<T extends KubeObject>(
  client: Client,
  { resource, object }: Ownership<T>,
  ownerReferences: readonly OwnerReference[],
  signal: AbortSignal,
): Promise<T> {
  const { namespace, name = "", uid, resourceVersion } = object.metadata ?? {};
  const body = { metadata: { uid, resourceVersion, ownerReferences } };
  return client.patch(resource, { namespace, name }, { type: "merge", body }, { signal });
}
