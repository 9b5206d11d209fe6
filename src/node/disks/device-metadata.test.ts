import assert from "node:assert/strict";
import { test } from "node:test";
import { someVmi } from "../domain/observation.fixture.ts";
import { deviceMetadata } from "./device-metadata.ts";

test("devices with a tag are told where the guest will find them", () => {
  const devices = {
    disks: [
      { name: "root", disk: { bus: "virtio" } },
      { name: "data", disk: { bus: "virtio" }, serial: "S1", tag: "database" },
      { name: "logs", disk: { bus: "scsi" }, tag: "logs" },
    ],
    interfaces: [
      { name: "default", masquerade: {}, macAddress: "02:00:00:00:00:0a", tag: "front", pciAddress: "0000:07:00.0" },
    ],
  };
  const volumes = devices.disks.map(({ name }) => ({ name, emptyDisk: { capacity: "1Mi" } }));
  assert.deepEqual(deviceMetadata(someVmi({ spec: { domain: { devices }, volumes } })), [
    { type: "nic", bus: "pci", address: "0000:07:00.0", mac: "02:00:00:00:00:0a", tags: ["front"] },
    { type: "disk", bus: "pci", address: "0000:02:00.0", serial: "S1", tags: ["database"] },
    { type: "disk", bus: "scsi", tags: ["logs"] },
  ]);
  assert.deepEqual(deviceMetadata(someVmi()), []);
});
