/** Who owns whom, and what follows from it. Pure. */
import type { ObjectMeta, OwnerReference, Resource } from "../../../api/meta.ts";

export interface GarbageNode {
  resource: Resource;
  metadata: ObjectMeta;
}

export type GarbageAction =
  | { kind: "delete"; node: GarbageNode }
  | { kind: "disown"; node: GarbageNode; ownerUids: string[] }
  | { kind: "release"; node: GarbageNode; finalizer: string }
  | { kind: "orphan"; node: GarbageNode; dependents: GarbageNode[] };

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

/**
 * `isGone` tells whether an owner reference points to an object that is known not to exist; it is asked of the API
 * before anything is deleted, because a missing entry in our own memory proves nothing.
 */
export function planGarbage(
  node: GarbageNode,
  dependents: readonly GarbageNode[],
  isGone: (owner: OwnerReference) => boolean,
  isWaiting: (owner: OwnerReference) => boolean,
): GarbageAction[] {
  const { metadata } = node;
  if (metadata.deletionTimestamp) return planDeleted(node, dependents);
  const owners = metadata.ownerReferences ?? [];
  if (owners.length === 0) return [];
  // In foreground deletion the owner waits for its dependents, so they go while it is still there.
  const leaving = owners.filter((owner) => isGone(owner) || isWaiting(owner));
  if (leaving.length === owners.length) return [{ kind: "delete", node }];
  // Another owner keeps it; those that leave must not wait for it.
  return leaving.length > 0 ? [{ kind: "disown", node, ownerUids: leaving.map(({ uid }) => uid) }] : [];
}

function planDeleted(node: GarbageNode, dependents: readonly GarbageNode[]): GarbageAction[] {
  const finalizers = node.metadata.finalizers ?? [];
  if (finalizers.includes(orphanFinalizer))
    return [
      { kind: "orphan", node, dependents: [...dependents] },
      { kind: "release", node, finalizer: orphanFinalizer },
    ];
  if (!finalizers.includes(foregroundFinalizer)) return [];
  const blocking = dependents.filter(({ metadata }) => blocksDeletionOf(metadata, node));
  return blocking.length === 0 ? [{ kind: "release", node, finalizer: foregroundFinalizer }] : [];
}

function blocksDeletionOf(metadata: ObjectMeta, owner: GarbageNode): boolean {
  return (metadata.ownerReferences ?? []).some(
    (reference) => reference.uid === owner.metadata.uid && reference.blockOwnerDeletion === true,
  );
}
