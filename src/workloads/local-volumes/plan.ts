/**
 * Volumes that are directories on the node's disk: a claim of the class gets a volume of its own, other claims are
 * matched with volumes that an administrator made. Pure.
 *
 *   claim (Pending) ──provision──> volume (Available, claimRef) ──bind──> claim Bound, volume Bound
 *   claim deleted ──> volume Released ──reclaim Delete──> the node removes the directory, then the volume
 */
import type { PersistentVolume, PersistentVolumeClaim } from "../../../api/core.ts";
import type { StorageClass } from "../../../api/storage.ts";
import { compareQuantities } from "../../base/quantity.ts";

export const localProvisioner = "vmpod.dev/local";
export const provisionedByAnnotation = "pv.kubernetes.io/provisioned-by";
export const claimProtection = "kubernetes.io/pvc-protection";

export interface ClaimObservation {
  claim: PersistentVolumeClaim;
  volumes: readonly PersistentVolume[];
  storageClass: StorageClass | undefined;
  /** A pod that has not ended uses the claim. */
  inUse: boolean;
}

export type ClaimAction =
  | { kind: "provision"; claim: PersistentVolumeClaim; storageClass: StorageClass }
  | { kind: "bind"; claim: PersistentVolumeClaim; volume: PersistentVolume }
  | { kind: "release"; claim: PersistentVolumeClaim }
  | { kind: "lose"; claim: PersistentVolumeClaim };

export function planClaim({ claim, volumes, storageClass, inUse }: ClaimObservation): ClaimAction[] {
  if (claim.metadata?.deletionTimestamp) {
    const held = claim.metadata.finalizers?.includes(claimProtection) === true;
    return held && !inUse ? [{ kind: "release", claim }] : [];
  }
  const bound = volumes.find((volume) => isClaimedBy(volume, claim));
  if (claim.status?.phase === "Bound")
    return claim.spec?.volumeName && !volumes.some(({ metadata }) => metadata?.name === claim.spec?.volumeName)
      ? [{ kind: "lose", claim }]
      : [];
  const volume = bound ?? volumes.find((candidate) => satisfies(candidate, claim));
  if (volume) return [{ kind: "bind", claim, volume }];
  return storageClass?.provisioner === localProvisioner ? [{ kind: "provision", claim, storageClass }] : [];
}

export function isClaimedBy({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  return (
    reference?.name === metadata?.name &&
    reference?.namespace === metadata?.namespace &&
    (reference?.uid === undefined || reference.uid === metadata?.uid)
  );
}

function satisfies(volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean {
  const { spec: offer, metadata } = volume;
  if (!offer || offer.claimRef || metadata?.deletionTimestamp) return false;
  if (spec?.volumeName && spec.volumeName !== metadata?.name) return false;
  const wanted = spec?.resources?.requests?.["storage"] ?? "0";
  return (
    (offer.storageClassName ?? "") === (spec?.storageClassName ?? "") &&
    (offer.volumeMode ?? "Filesystem") === (spec?.volumeMode ?? "Filesystem") &&
    (spec?.accessModes ?? []).every((mode) => offer.accessModes?.includes(mode)) &&
    compareQuantities(offer.capacity?.["storage"] ?? "0", wanted) >= 0
  );
}

/** The volume that the claim gets; named after the claim's uid, so doing it twice makes one. */
export function volumeFor(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  volumesDir: string,
): PersistentVolume {
  const { name, namespace, uid } = claim.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pvc-${uid}`, annotations: { [provisionedByAnnotation]: localProvisioner } },
    spec: {
      accessModes: claim.spec?.accessModes ?? ["ReadWriteOnce"],
      capacity: { storage: claim.spec?.resources?.requests?.["storage"] ?? "0" },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      hostPath: { path: `${volumesDir}/pvc-${uid}`, type: "DirectoryOrCreate" },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      storageClassName: storageClass.metadata?.name,
      volumeMode: claim.spec?.volumeMode ?? "Filesystem",
    },
  };
}
