import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume, PersistentVolumeClaim } from "../../../api/core.ts";
import type { StorageClass } from "../../../api/storage.ts";
import { claimProtection, localProvisioner, planClaim, volumeFor } from "./plan.ts";

const local: StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local" },
  provisioner: localProvisioner,
};
const claim = (more: Partial<PersistentVolumeClaim> = {}): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "c", namespace: "n", uid: "u" },
  spec: {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "local",
    resources: { requests: { storage: "1Gi" } },
  },
  ...more,
});
const volume = (spec: PersistentVolume["spec"] = {}): PersistentVolume => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "v" },
  spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "2Gi" }, storageClassName: "local", ...spec },
});
const leaving = claim({
  metadata: { name: "c", namespace: "n", finalizers: [claimProtection], deletionTimestamp: "2026-01-01T00:00:00Z" },
});
const bound = claim({ spec: { volumeName: "v" }, status: { phase: "Bound" } });
const ours = { claimRef: { namespace: "n", name: "c", uid: "u" } };
const theirs = { claimRef: { namespace: "n", name: "c", uid: "an earlier one" } };

type Case = [name: string, PersistentVolumeClaim, PersistentVolume[], StorageClass | undefined, boolean, string[]];
const cases: Case[] = [
  ["of the local class: a volume is made", claim(), [], local, false, ["provision"]],
  ["of another class: it waits", claim(), [], { ...local, provisioner: "example.org/other" }, false, []],
  ["of no class that exists: it waits", claim(), [], undefined, false, []],
  ["its volume is there", claim(), [volume(ours)], local, false, ["bind"]],
  ["a free volume satisfies it", claim(), [volume()], local, false, ["bind"]],
  ["a free volume is too small", claim(), [volume({ capacity: { storage: "1Mi" } })], undefined, false, []],
  ["a free volume has another class", claim(), [volume({ storageClassName: "x" })], undefined, false, []],
  ["a free volume lacks the access mode", claim(), [volume({ accessModes: ["ReadOnlyMany"] })], undefined, false, []],
  ["a free volume is a block device", claim(), [volume({ volumeMode: "Block" })], undefined, false, []],
  ["a volume was an earlier claim's", claim(), [volume(theirs)], undefined, false, []],
  ["bound: nothing to do", bound, [volume(ours)], local, false, []],
  ["bound, and its volume is gone", bound, [], local, false, ["lose"]],
  ["deleted while a pod uses it", leaving, [], local, true, []],
  ["deleted and unused", leaving, [], local, false, ["release"]],
];
for (const [name, subject, volumes, storageClass, inUse, expected] of cases)
  test(name, () => {
    const actions = planClaim({ claim: subject, volumes, storageClass, inUse });
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      expected,
    );
  });

test("the volume of a claim is named after its uid and reserved for it", () => {
  const { metadata, spec } = volumeFor(claim(), local, "/data/volumes");
  assert.equal(metadata?.name, "pvc-u");
  assert.equal(spec?.hostPath?.path, "/data/volumes/pvc-u");
  assert.equal(spec?.claimRef?.uid, "u");
  assert.equal(spec?.persistentVolumeReclaimPolicy, "Delete");
  assert.deepEqual(spec?.capacity, { storage: "1Gi" });
});
