/** Volumes that come to running machines and go from them, as far as their specs say: no node plugs anything in. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { virtualMachineInstances, virtualMachines } from "../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../api/kubevirt/types.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { machine } from "./bad-manifests.ts";
import { letRun } from "./let-run.ts";
import { refusal, startVmApiServer, timeoutMs, type VmApiServer } from "./vm-api-server.ts";

let server: VmApiServer;
before(async () => {
  server = await startVmApiServer();
  await server.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } });
  for (const [name, volumeMode] of [
    ["data", "Filesystem"],
    ["device", "Block"],
  ] as const)
    await server.apply(claim(name, volumeMode));
});
after(() => server.stop());

const key = (name: string) => ({ namespace: "default", name });

function claim(name: string, volumeMode: string) {
  const resources = { requests: { storage: "1Gi" } };
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: { accessModes: ["ReadWriteOnce"], volumeMode, resources },
  };
}

/** The command line, as the server's administrator: what it says, wherever. */
async function vmpod(...words: string[]): Promise<string> {
  const child = spawn(join(import.meta.dirname, "../../bin/vmpod"), ["--kubeconfig", server.kubeconfig, ...words]);
  return (await Promise.all([text(child.stdout), text(child.stderr)])).join("").trim();
}

function put(path: string, body: unknown, version = "v1"): Promise<unknown> {
  const url = `/apis/subresources.kubevirt.io/${version}/namespaces/default/${path}`;
  return server.client.request("PUT", url, body);
}

const added = (name: string, claimName = name, disk: object = {}) => ({
  name,
  disk,
  volumeSource: { persistentVolumeClaim: { claimName } },
});

const volumesOf = ({ volumes = [], domain }: VirtualMachineInstanceSpec): [string[], string[]] => [
  volumes.map(({ name }) => name),
  (domain.devices.disks ?? []).map(({ name }) => name),
];

async function templateOf(name: string): Promise<VirtualMachineInstanceSpec> {
  return (await server.client.get(virtualMachines, key(name))).spec.template.spec;
}

async function instanceOf(name: string): Promise<VirtualMachineInstanceSpec> {
  return (await server.client.get(virtualMachineInstances, key(name))).spec;
}

function untilInstance(name: string, holds: (vmi: VirtualMachineInstance) => boolean) {
  const found = (vmi: VirtualMachineInstance | undefined) => vmi !== undefined && holds(vmi);
  return waitFor(server.client, virtualMachineInstances, key(name), found, { timeoutMs });
}

test("a machine that runs is given a volume, which it keeps, and loses it again", async () => {
  await server.apply(machine({}, {}, "keeps"));
  await letRun(server, "keeps", "n1");
  const before = await instanceOf("keeps");
  const tried = await vmpod("addvolume", "keeps", "--volume-name=data", "--dry-run");
  assert.equal(tried, "Successfully submitted add volume request to VM keeps for volume data");
  assert.deepEqual(volumesOf(await templateOf("keeps"))[0], ["root"]);
  assert.equal(await vmpod("addvolume", "keeps", "--volume-name=data", "--cache=none"), tried);
  const vmi = await untilInstance("keeps", ({ spec }) => volumesOf(spec)[0].includes("data"));
  const volume = { name: "data", persistentVolumeClaim: { claimName: "data", hotpluggable: true } };
  const disk = { name: "data", disk: { bus: "scsi" }, serial: "data", cache: "none" };
  for (const spec of [await templateOf("keeps"), vmi?.spec])
    assert.deepEqual([spec?.volumes?.at(-1), spec?.domain.devices.disks?.at(-1)], [volume, disk]);
  const vm = await server.client.get(virtualMachines, key("keeps"));
  assert.equal(
    vm.status?.conditions?.find(({ type }) => type === "RestartRequired"),
    undefined,
  );
  assert.match(
    await vmpod("addvolume", "keeps", "--volume-name=data"),
    /\[data\] because volume with that name already/,
  );
  const removed = await vmpod("removevolume", "keeps", "--volume-name=data", "--persist");
  assert.equal(removed, "Successfully submitted remove volume request to VM keeps for volume data");
  const bare = await untilInstance("keeps", ({ spec }) => !volumesOf(spec)[0].includes("data"));
  assert.deepEqual(bare?.spec, before);
  assert.match(await vmpod("removevolume", "keeps", "--volume-name=data"), /error removing volume, .* does not exist/);
});

test("what cannot be plugged in is refused with its reason, and what is written wrongly by its field", async () => {
  await server.apply(machine({}, {}, "refuses"));
  await letRun(server, "refuses", "n1");
  const vm = "virtualmachines/refuses/addvolume";
  const onBus = (bus: string) => ({ disk: { bus } });
  const cases: [path: string, body: object, code: number, says: RegExp][] = [
    [vm, {}, 400, /AddVolumeOptions requires name to be set/],
    [vm, { ...added("data"), volumeSource: { dataVolume: { name: "a" } } }, 400, /DataVolumes are not available yet/],
    [vm, added("data", "data", onBus("sata")), 409, /virtualmachine\.kubevirt\.io "refuses": .* its bus is sata/],
    [vm, added("device"), 409, /pvc \[device\] cannot be plugged in .*: its volumeMode is Block/],
    [vm, added("root"), 409, /volume \[root\] because volume with that name already exists/],
    [vm, added("Data", "data"), 422, /spec\.template\.spec\.volumes\[1\]\.name: .*DNS label/],
    [vm, added("data", "data", { serial: "a b" }), 422, /spec\.template\.spec\.domain\.devices\.disks\[1\]\.serial/],
    ["virtualmachines/nobody/addvolume", added("data"), 404, /virtualmachine\.kubevirt\.io "nobody" not found/],
    ["virtualmachines/refuses/removevolume", { name: "root" }, 409, /\[root\] because it is not hotpluggable/],
    ["virtualmachineinstances/refuses/addvolume", added("data"), 400, /VMI default\/refuses is owned by a VM/],
    ["virtualmachineinstances/refuses/removevolume", { name: "data" }, 400, /is owned by a VM/],
    ["virtualmachineinstances/nobody/addvolume", added("data"), 404, /virtualmachineinstance\.kubevirt\.io "nobody"/],
  ];
  for (const [path, body, code, message] of cases) await assert.rejects(put(path, body), { code, message });
  assert.deepEqual(volumesOf(await templateOf("refuses"))[0], ["root"]);
  for (const [flags, says] of [
    [["--volume-name=nowhere"], /Volume nowhere is not a PersistentVolumeClaim/],
    [["--volume-name=data", "--bus=sata"], /Invalid bus type 'sata' for disk/],
    [["--volume-name=data", "--disk-type=lun"], /SCSI passthrough is not available yet/],
    [["--volume-name=data", "--cache=some"], /invalid cache value some/],
    [[`--volume-name=${"a".repeat(64)}`], /must not exceed 63 characters: give a shorter name .* by --disk-name/],
  ] as const)
    assert.match(await vmpod("addvolume", "refuses", ...flags), says);
  const patch = JSON.stringify({ spec: { volumes: [] } });
  const words = await refusal(server.kubectl(["patch", "vmi", "refuses", "--type=merge", "-p", patch]));
  assert.match(words, /cannot be changed: change the VirtualMachine "refuses"/);
});

test("a machine that does not run has the volume when it starts, also one that cannot be plugged in", async () => {
  await server.apply(machine({}, { runStrategy: "Halted" }, "sleeps"));
  await put("virtualmachines/sleeps/addvolume", added("later", "not-there-yet"), "v1alpha3");
  await put("virtualmachines/sleeps/addvolume", added("device", "device", { disk: { bus: "sata" } }));
  assert.deepEqual(volumesOf(await templateOf("sleeps"))[0], ["root", "later", "device"]);
  await put("virtualmachines/sleeps/removevolume", { name: "later" }, "v1alpha3");
  assert.deepEqual(volumesOf(await templateOf("sleeps"))[0], ["root", "device"]);
});

test("an instance that is no machine's is given a volume itself, by the rules of any", async () => {
  const { spec } = machine({}, {}, "alone") as { spec: { template: object } };
  const vmi = { kind: "VirtualMachineInstance", metadata: { name: "alone", namespace: "default" } };
  await server.apply({ apiVersion: "kubevirt.io/v1", ...vmi, ...spec.template });
  const path = "virtualmachineinstances/alone/addvolume";
  await assert.rejects(put(path, added("data")), { code: 409, message: /VMI is not running/ });
  await letRun(server, "alone", "n1");
  const before = await instanceOf("alone");
  const wrong = added("data", "data", { serial: "a b" });
  await assert.rejects(put(path, wrong), { code: 422, message: /"alone" is invalid: .*disks\[1\]\.serial/ });
  await put(path, { ...added("data"), dryRun: ["All"] });
  assert.deepEqual(await instanceOf("alone"), before);
  assert.match(await vmpod("addvolume", "alone", "--volume-name=data", "--disk-name=extra"), /^Successfully/);
  assert.deepEqual(volumesOf(await instanceOf("alone")), [
    ["root", "extra"],
    ["root", "extra"],
  ]);
  assert.match(await vmpod("removevolume", "alone", "--volume-name=extra"), /^Successfully/);
  assert.deepEqual(await instanceOf("alone"), before);
});

test("a hotpluggable volume that is written into a running machine's template is plugged in", async () => {
  await server.apply(machine({}, {}, "declared"));
  await letRun(server, "declared", "n1");
  const volumes = [...((await templateOf("declared")).volumes ?? [])];
  const persistentVolumeClaim = { claimName: "data", hotpluggable: true };
  const disks = [{ name: "data", disk: { bus: "virtio" } }];
  const withData = {
    volumes: [...volumes, { name: "data", persistentVolumeClaim }],
    domain: { devices: { disks } },
  };
  await server.kubectl([
    "patch",
    "vm",
    "declared",
    "--type=merge",
    "-p",
    JSON.stringify({ spec: { template: { spec: withData } } }),
  ]);
  const vmi = await untilInstance("declared", ({ spec }) => volumesOf(spec)[0].includes("data"));
  assert.deepEqual(vmi?.spec.domain.devices.disks?.at(-1), { name: "data", disk: { bus: "virtio" } });
});
