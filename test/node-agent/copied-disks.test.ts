/** A cluster without image volumes, played by the embedded mode: container disks are copied before their machine starts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, succeed } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { expectPrompt, nodeApi, vmi } from "./guests.ts";

process.env["VMPOD_IMAGE_VOLUMES"] = "false";
const instance = useInstance("vt6", 6);
const { fieldOf, kubectl, tryKubectl } = instance;

const apply = (manifest: string): void => void succeed(tryKubectl(["apply", "-f", "-"], manifest), "apply");
const shown = (): string => kubectl("get", "vmi,pods", "-o", "yaml");
const untilField = (object: string, path: string, value: string) =>
  eventually(`${object}: ${path} is ${value}`, 90_000, () => fieldOf(object, path) === value || undefined, shown);

test("a guest boots from a copy of its container disk, and has a console", async () => {
  apply(vmi({ name: "copied" }));
  await untilField("vmi/copied", ".status.phase", "Running");
  const pod = "pod -l vm.kubevirt.io/name=copied -o";
  const podField = (path: string): string => kubectl("get", ...pod.split(" "), `jsonpath={.items[0]${path}}`);
  assert.equal(podField(".spec.initContainers[*].name"), "copier copy-disk-0");
  assert.equal(podField(".spec.volumes[?(@.name=='root')].image"), "");
  const api = await nodeApi(instance);
  const console = await api.open("copied", "console");
  await expectPrompt(console, 90_000);
  console.terminate();
});

test("an image without a disk fails as it does with image volumes", async () => {
  apply(vmi({ name: "diskless", image: "localhost/vmpod/busybox:latest" }));
  await untilField("vmi/diskless", ".status.conditions[?(@.type=='Synchronized')].reason", "SyncFailed");
  assert.match(
    fieldOf("vmi/diskless", ".status.conditions[?(@.type=='Synchronized')].message"),
    /volume root: the image has no disk in \/disk; a containerDisk image carries its disk there/,
  );
  assert.equal(fieldOf("vmi/diskless", ".status.phase"), "Scheduled");
});

test("an image that cannot be had is named, also by explain", async () => {
  const volumes = [{ name: "root", containerDisk: { image: "localhost/vmpod/missing:1", imagePullPolicy: "Never" } }];
  apply(
    vmi({
      name: "missing",
      spec: {
        volumes,
        domain: { memory: { guest: "96Mi" }, devices: { disks: [{ name: "root", disk: { bus: "virtio" } }] } },
        networks: [],
      },
    }),
  );
  await untilField("vmi/missing", ".status.conditions[?(@.type=='Synchronized')].reason", "ErrImagePull");
  const explain = () => instance.vmpod("explain", "vmi/missing").stdout;
  await eventually(
    "explain names it",
    30_000,
    () => /localhost\/vmpod\/missing:1/.test(explain()) || undefined,
    explain,
  );
});
