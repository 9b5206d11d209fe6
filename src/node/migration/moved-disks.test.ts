import assert from "node:assert/strict";
import { test } from "node:test";
import type { Disk, Volume } from "../../../api/kubevirt/types.ts";
import { blockNode, nodeToFill } from "../../qemu/devices/block-node.ts";
import type { DiskObservation } from "../disks/observe-disk.ts";
import { someVmi } from "../domain/observation.fixture.ts";
import { copiedDisks, localDisks, receivingDevices } from "./moved-disks.ts";

const cases: [target: Omit<Disk, "name">, volume: Omit<Volume, "name">, isLocal: boolean, isCopied: boolean][] = [
  [{ disk: { bus: "virtio" } }, { containerDisk: { image: "x" } }, true, true],
  [{ cdrom: { bus: "scsi" } }, { containerDisk: { image: "x" } }, true, false],
  [{ disk: { bus: "virtio" } }, { emptyDisk: { capacity: "1Mi" } }, true, true],
  [{ disk: { bus: "virtio", readonly: true } }, { emptyDisk: { capacity: "1Mi" } }, true, false],
  [{ disk: { bus: "virtio" } }, { cloudInitNoCloud: { userData: "" } }, true, true],
  [{ cdrom: { bus: "sata" } }, { configMap: { name: "x" } }, true, true],
  [{ disk: { bus: "virtio" } }, { persistentVolumeClaim: { claimName: "x" } }, false, false],
];

const volumes = cases.map(([, volume], index) => ({ name: `v${index}`, ...volume }));
const disks = cases.map(([target], index) => ({ name: `v${index}`, ...target }));
const vmi = someVmi({ spec: { volumes, networks: [], domain: { devices: { disks } } } });

test("what lives in the pod is made anew there, and copied when only the source has its content", () => {
  const local = localDisks(vmi).map(({ volume }) => volume);
  const copied = copiedDisks(vmi).map(({ name }) => name);
  cases.forEach(([target, volume, isLocal, isCopied], index) => {
    const what = JSON.stringify({ target, volume });
    assert.deepEqual([local.includes(`v${index}`), copied.includes(`v${index}`)], [isLocal, isCopied], what);
  });
});

test("a medium is filled below the node that its guest may not write to", () => {
  const image = { format: "raw", path: "/disks/v4.iso" } as const;
  const observed = localDisks(vmi).map((disk): DiskObservation => ({ ...disk, image }));
  const devices = receivingDevices(vmi, observed).flatMap((device) => (device.kind === "disk" ? device : []));
  const medium = devices.find(({ name }) => name === "v4");
  assert.ok(medium?.image);
  assert.equal(nodeToFill(medium), "file-v4");
  const node = blockNode("disk-v4", medium, medium.image) as Record<string, unknown>;
  assert.equal(node["read-only"], true);
  assert.deepEqual(
    ["node-name", "read-only"].map((key) => (node["file"] as Record<string, unknown>)[key]),
    ["file-v4", false],
  );
  const overlay = devices.find(({ name }) => name === "v0");
  assert.ok(overlay);
  assert.equal(nodeToFill(overlay), "disk-v0");
});
