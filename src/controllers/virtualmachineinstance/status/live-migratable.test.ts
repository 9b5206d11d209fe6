import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { liveMigratable, migrationMethod } from "./live-migratable.ts";
import type { LauncherPod } from "../launcher/launcher.ts";
import type { Observation } from "../observation.ts";
import { observationOf } from "../sample.ts";

const containerDiskOnly = observationOf("Running");
const claimOf = (shared: boolean) => ({ name: "data", exists: true, block: false, shared });

function having(change: (spec: VirtualMachineInstanceSpec) => void): Observation {
  const { vmi } = containerDiskOnly;
  const spec = structuredClone(vmi.spec);
  change(spec);
  return observationOf("Running", { vmi: { ...vmi, spec } });
}

const withoutLocalDisks = having((spec) => {
  spec.volumes = [{ name: "root", persistentVolumeClaim: { claimName: "data" } }];
});

const plugged = having((spec) => {
  const volume = { name: "data", persistentVolumeClaim: { claimName: "data", hotpluggable: true } };
  spec.volumes = [...(spec.volumes ?? []), volume];
});

const leaving = observationOf("Running", {
  vmi: { ...containerDiskOnly.vmi, status: { phase: "Running", volumeStatus: [{ name: "data", hotplugVolume: {} }] } },
});

function launcherWith(claims: string[]): LauncherPod {
  const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "launcher" }, spec: { containers: [], volumes } };
}

test("what can be moved, and why not", () => {
  const table: [string, Observation, string][] = [
    ["alone on one node", containerDiskOnly, "True"],
    ["local disk, several nodes", { ...containerDiskOnly, hasOtherNodes: true }, "True"],
    ["own claim, one node", { ...withoutLocalDisks, claims: [claimOf(false)] }, "True"],
    [
      "own claim, several nodes",
      { ...withoutLocalDisks, claims: [claimOf(false)], hasOtherNodes: true },
      "False DisksNotLiveMigratable",
    ],
    ["shared claim, several nodes", { ...withoutLocalDisks, claims: [claimOf(true)], hasOtherNodes: true }, "True"],
    ["a claim that was plugged in", { ...plugged, pods: [launcherWith([])] }, "False HotplugNotLiveMigratable"],
    ["one that goes", { ...leaving, pods: [launcherWith([])] }, "False HotplugNotLiveMigratable"],
    [
      "a claim of its launcher that was unplugged",
      { ...containerDiskOnly, pods: [launcherWith(["data"])] },
      "False HotplugNotLiveMigratable",
    ],
    ["the same since its restart", { ...plugged, pods: [launcherWith(["data"])] }, "True"],
    [
      "SATA disk",
      having((spec) => {
        spec.domain.devices.disks = [{ name: "root", disk: { bus: "sata" } }];
      }),
      "False DisksNotLiveMigratable",
    ],
    [
      "SATA cdrom",
      having((spec) => {
        spec.domain.devices.disks = [{ name: "root", cdrom: { bus: "sata" } }];
      }),
      "True",
    ],
    [
      "a disk with the block size of its volume",
      having((spec) => {
        spec.domain.devices.disks = [{ name: "root", disk: { bus: "virtio" }, blockSize: { matchVolume: {} } }];
      }),
      "False DisksNotLiveMigratable",
    ],
    [
      "all of the host's enlightenments",
      {
        ...having((spec) => {
          spec.domain.features = { hypervPassthrough: {} };
        }),
        accelerator: "kvm",
      },
      "False HypervPassthroughNotLiveMigratable",
    ],
    [
      "huge pages of an emulated machine",
      having((spec) => {
        spec.domain.memory = { guest: "128Mi", hugepages: { pageSize: "2Mi" } };
      }),
      "False HugePagesNotLiveMigratable",
    ],
    [
      "a TPM that is kept",
      having((spec) => {
        spec.domain.devices.tpm = { persistent: true };
      }),
      "False PersistentStateNotLiveMigratable",
    ],
    [
      "a TPM that is not kept",
      having((spec) => {
        spec.domain.devices.tpm = {};
      }),
      "True",
    ],
    [
      "bridge",
      having((spec) => {
        spec.domain.devices.interfaces = [{ name: "default", bridge: {} }];
      }),
      "False InterfaceNotLiveMigratable",
    ],
    [
      "host device",
      having((spec) => {
        spec.domain.devices.hostDevices = [{ name: "x", deviceName: "vendor/x" }];
      }),
      "False HostDeviceNotLiveMigratable",
    ],
    [
      "virtiofs",
      having((spec) => {
        spec.domain.devices.filesystems = [{ name: "x", virtiofs: {} }];
      }),
      "False VirtIOFSNotLiveMigratable",
    ],
  ];
  for (const [what, observation, expected] of table) {
    const { status, reason } = liveMigratable(observation);
    assert.equal([status, reason].filter(Boolean).join(" "), expected, what);
  }
});

test("how it is moved", () => {
  assert.equal(migrationMethod(containerDiskOnly), "LiveMigration");
  assert.equal(migrationMethod({ ...containerDiskOnly, hasOtherNodes: true }), "BlockMigration");
  assert.equal(migrationMethod({ ...withoutLocalDisks, hasOtherNodes: true }), "LiveMigration");
});
