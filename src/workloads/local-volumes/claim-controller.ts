/** Runs `plan.ts` over live claims, and tells of volumes whose claim is gone. */
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type Pod,
} from "../../../api/core.ts";
import type { StorageClass } from "../../../api/storage.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import { withFinalizer, withoutFinalizer } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { hasEnded, typed } from "../pods.ts";
import { type ClaimAction, type ClaimObservation, claimProtection, planClaim, volumeFor } from "./plan.ts";

export interface ClaimControllerOptions {
  client: Client;
  claims: Informer<PersistentVolumeClaim>;
  volumes: Informer<PersistentVolume>;
  storageClasses: Informer<StorageClass>;
  pods: Informer<Pod>;
  /** Directory on the node under which volumes are made. */
  volumesDir: string;
  events: EventRecorder;
  signal: AbortSignal;
}

export function startClaimController(options: ClaimControllerOptions): void {
  const claims = runReconciler(claimReconciler(options), { signal: options.signal });
  enqueueOnChange(claims, options.claims);
  enqueueOnChange(claims, options.volumes, ({ spec }) =>
    spec?.claimRef ? [`${spec.claimRef.namespace}/${spec.claimRef.name}`] : waitingClaims(),
  );
  enqueueOnChange(claims, options.storageClasses, waitingClaims);
  enqueueOnChange(claims, options.pods, (pod) => claimNamesOf(pod).map((name) => `${pod.metadata?.namespace}/${name}`));
  const volumes = runReconciler(volumeReconciler(options), { signal: options.signal });
  enqueueOnChange(volumes, options.volumes);
  enqueueOnChange(volumes, options.claims, ({ spec }) => (spec?.volumeName ? [spec.volumeName] : []));

  function waitingClaims(): string[] {
    return options.claims
      .list()
      .filter(({ status }) => status?.phase !== "Bound")
      .map(objectKey);
  }
}

function claimReconciler(options: ClaimControllerOptions): Reconciler<ClaimObservation, ClaimAction> {
  const { client, claims, volumes, storageClasses, pods, events } = options;
  return {
    name: "persistent-volume-claim",
    async observe(key) {
      await Promise.all([claims, volumes, storageClasses, pods].map((informer) => informer.synced()));
      const { namespace, name } = parseObjectKey(key);
      const claim = claims.get(namespace, name);
      if (!claim) return undefined;
      return {
        claim: typed(persistentVolumeClaims, claim),
        volumes: volumes.list(),
        storageClass: storageClasses.get(undefined, claim.spec?.storageClassName ?? ""),
        inUse: pods.list(namespace).some((pod) => !hasEnded(pod) && claimNamesOf(pod).includes(name)),
      };
    },
    plan: planClaim,
    execute,
  };

  async function execute(action: ClaimAction): Promise<void> {
    switch (action.kind) {
      case "provision":
        return provision(action.claim, action.storageClass);
      case "bind":
        return bind(action.claim, action.volume);
      case "release":
        await client.update(persistentVolumeClaims, withoutFinalizer(action.claim, claimProtection));
        return;
      case "lose":
        await client.updateStatus(persistentVolumeClaims, { ...action.claim, status: { phase: "Lost" } });
        return;
    }
  }

  async function provision(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<void> {
    const volume = volumeFor(claim, storageClass, options.volumesDir);
    try {
      await client.create(persistentVolumes, volume);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
    }
    events.record(claim, "Normal", "ProvisioningSucceeded", `Successfully provisioned volume ${volume.metadata?.name}`);
  }

  async function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { name, namespace, uid } = claim.metadata ?? {};
    const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid };
    const volumeKey = { name: volume.metadata?.name ?? "" };
    const reserved = { metadata: { resourceVersion: volume.metadata?.resourceVersion }, spec: { claimRef } };
    await client.patch(persistentVolumes, volumeKey, { type: "merge", body: reserved });
    const claimKey = { namespace: namespace ?? "", name: name ?? "" };
    // A list is replaced as a whole: those of others are in it, and whoever adds one meanwhile is seen first.
    const { finalizers } = withFinalizer(claim, claimProtection).metadata ?? {};
    const body = {
      metadata: { resourceVersion: claim.metadata?.resourceVersion, finalizers },
      spec: { volumeName: volumeKey.name },
    };
    await client.patch(persistentVolumeClaims, claimKey, { type: "merge", body });
    const status = { phase: "Bound", accessModes: volume.spec?.accessModes, capacity: volume.spec?.capacity };
    await client.patch(
      persistentVolumeClaims,
      claimKey,
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
  }
}

type VolumeAction = { volume: PersistentVolume; phase: "Available" | "Bound" | "Released" };

/** A volume's phase follows from whether its claim exists. */
function volumeReconciler({ client, claims, volumes }: ClaimControllerOptions): Reconciler<VolumeAction, VolumeAction> {
  return {
    name: "persistent-volume",
    async observe(key) {
      await Promise.all([claims.synced(), volumes.synced()]);
      const found = volumes.get(undefined, key);
      if (!found || found.metadata?.deletionTimestamp) return undefined;
      const reference = found.spec?.claimRef;
      const claim = reference && claims.get(reference.namespace, reference.name ?? "");
      const isAlive = claim !== undefined && (reference?.uid === undefined || claim.metadata?.uid === reference.uid);
      const phase = reference === undefined ? "Available" : isAlive ? "Bound" : "Released";
      return { volume: typed(persistentVolumes, found), phase };
    },
    plan: (observation) => (observation.volume.status?.phase === observation.phase ? [] : [observation]),
    execute: async ({ volume, phase }) => {
      await client.updateStatus(persistentVolumes, { ...volume, status: { ...volume.status, phase } });
    },
  };
}

function claimNamesOf(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}
