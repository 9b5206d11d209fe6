import assert from "node:assert/strict";
import { test } from "node:test";
import { configDriveFiles, noCloudFiles } from "./media.ts";

const data = { instanceId: "i-1", hostname: "vm", publicKeys: ["ssh-ed25519 A"], userData: "#cloud-config\n" };

test("NoCloud", () => {
  const files = noCloudFiles({ ...data, networkData: "version: 2\n" });
  assert.deepEqual(Object.keys(files).sort(), ["meta-data", "network-config", "user-data"]);
  assert.deepEqual(JSON.parse(String(files["meta-data"])), {
    "instance-id": "i-1",
    "local-hostname": "vm",
    "public-keys": { key0: "ssh-ed25519 A" },
  });
  assert.ok(!("network-config" in noCloudFiles(data)));
});

test("user-data is there even when there is none", () => {
  assert.equal(noCloudFiles({ instanceId: "i", hostname: "h" })["user-data"], "");
});

test("ConfigDrive", () => {
  const files = configDriveFiles(data);
  assert.deepEqual(Object.keys(files), ["openstack/latest/meta_data.json", "openstack/latest/user_data"]);
  assert.equal(JSON.parse(String(files["openstack/latest/meta_data.json"])).hostname, "vm");
});
