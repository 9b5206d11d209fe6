/** Stock kubectl against the real API server with the VM extension and controllers; no node, so nothing boots. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parseAllDocuments } from "yaml";
import { pods } from "../../api/core.ts";
import { podDisruptionBudgets } from "../../api/policy.ts";
import {
  type KubeVirt,
  kubeVirts,
  virtualMachineInstanceMigrations,
  virtualMachineInstances,
  virtualMachines,
} from "../../api/kubevirt/resources.ts";
import type { GraphNode } from "../../api/kubevirt/object-graph.ts";
import { sampleSpec } from "../../api/kubevirt/sample.ts";
import { createLogger } from "../../src/base/log.ts";
import { waitFor, watchUntil } from "../../src/client/wait-for.ts";
import { badManifests, machine } from "./bad-manifests.ts";
import { letRun } from "./let-run.ts";
import { refusal, startVmApiServer, timeoutMs, type VmApiServer } from "./vm-api-server.ts";

let server: VmApiServer;
before(async () => {
  server = await startVmApiServer();
});
after(() => server.stop());

const key = (name: string) => ({ namespace: "default", name });

function statusOf(name: string, printableStatus: string) {
  return waitFor(server.client, virtualMachines, key(name), (vm) => vm?.status?.printableStatus === printableStatus, {
    timeoutMs,
  });
}

/** Then its launcher pod is there. */
function isScheduling(name: string) {
  const holds = (vmi: { status?: { phase?: string } } | undefined) => vmi?.status?.phase === "Scheduling";
  return waitFor(server.client, virtualMachineInstances, key(name), holds, { timeoutMs });
}

/** The controllers log in this process. */
const log = createLogger("verbosity");

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    assert.ok(Date.now() < deadline, "it did not come true in time");
    await delay(50);
  }
}

/** The command line, as the server's administrator. */
async function vmpod(words: string[]): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(join(import.meta.dirname, "../../bin/vmpod"), ["--kubeconfig", server.kubeconfig, ...words]);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr };
}

function subresource(method: string, path: string, body?: unknown): Promise<unknown> {
  return server.client.request(method, `/apis/subresources.kubevirt.io/v1/namespaces/default/${path}`, body);
}

for (const { what, manifest, says } of badManifests) {
  test(`refused with its reason: ${what}`, async () => {
    const words = await refusal(server.apply(manifest));
    for (const expected of says) assert.match(words, expected);
  });
}

test("a refusal shows every wrong field at once", async () => {
  const words = await refusal(server.apply(machine({ domain: { memory: { guest: "-1" } }, hostname: "A_b" })));
  assert.match(words, /The VirtualMachine "bad" is invalid/);
  assert.match(words, /\* spec\.template\.spec\.domain\.memory\.guest: /);
  assert.match(words, /\* spec\.template\.spec\.hostname: /);
});

test("the examples are accepted", async () => {
  const directory = join(import.meta.dirname, "../../examples");
  for (const file of readdirSync(directory).filter((name) => name.endsWith(".yaml"))) {
    const text = readFileSync(join(directory, file), "utf8");
    const machines = parseAllDocuments(text)
      .map((document) => document.toJS() as { kind: string })
      .filter(({ kind }) => kind.startsWith("VirtualMachine"));
    for (const manifest of machines) {
      const words = await server.kubectl(["apply", "--dry-run=server", "-f", "-"], JSON.stringify(manifest));
      assert.match(words, /created \(server dry run\)/, file);
    }
  }
});

test("a machine gets an instance and a launcher pod, and they go with it", async () => {
  await server.apply(machine({}, {}, "life"));
  const vm = await statusOf("life", "Starting");
  assert.equal(vm?.status?.created, true);
  await isScheduling("life");
  const [pod] = (await server.client.list(pods, { namespace: "default", labelSelector: "vm.kubevirt.io/name=life" }))
    .items;
  assert.match(pod?.metadata?.name ?? "", /^virt-launcher-life-/);
  assert.equal(pod?.metadata?.ownerReferences?.[0]?.kind, "VirtualMachineInstance");
  assert.equal(pod?.spec?.containers[0]?.securityContext?.readOnlyRootFilesystem, true);
  await server.kubectl(["delete", "vm", "life", "--wait", "--timeout=60s"]);
  const selection = { namespace: "default", labelSelector: "vm.kubevirt.io/name=life", timeoutMs };
  await watchUntil(server.client, pods, selection, (left) => left.length === 0 || undefined);
});

test("an eviction of a launcher pod asks what its machine wants to happen then", async () => {
  const evict = async (name: string, evictionStrategy: string) => {
    await server.apply(machine({ evictionStrategy }, {}, name));
    await isScheduling(name);
    const options = { namespace: "default", labelSelector: `vm.kubevirt.io/name=${name}` };
    const [pod] = (await server.client.list(pods, options)).items;
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod?.metadata?.name } };
    const path = `/api/v1/namespaces/default/pods/${pod?.metadata?.name}/eviction`;
    return server.client.request("POST", path, body);
  };
  await assert.rejects(evict("pinned", "LiveMigrate"), { code: 429, message: /VMI pinned .* is not live-migratable/ });
  await evict("yields", "LiveMigrateIfPossible");
  const budget = key("kubevirt-disruption-budget-pinned");
  await waitFor(server.client, podDisruptionBudgets, budget, (each) => each?.spec?.minAvailable === 1, { timeoutMs });
  assert.equal((await server.client.list(podDisruptionBudgets)).items.length, 1);
  await server.kubectl(["delete", "vm", "pinned", "yields", "--wait", "--timeout=60s"]);
});

test("an evacuation is cancelled by whoever knows from where", async () => {
  await server.apply(machine({}, {}, "moved"));
  await isScheduling("moved");
  const body = { status: { evacuationNodeName: "old" } };
  const marked = { type: "merge", body } as const;
  await server.client.patch(virtualMachineInstances, key("moved"), marked, { subresource: "status" });
  const cancel = (kind: string, options: object) => subresource("PUT", `${kind}/moved/evacuate/cancel`, options);
  await assert.rejects(cancel("virtualmachines", { evacuationNodeName: "other" }), { reason: "Conflict" });
  const nodeOf = async () =>
    (await server.client.get(virtualMachineInstances, key("moved"))).status?.evacuationNodeName;
  await cancel("virtualmachineinstances", { evacuationNodeName: "old", dryRun: ["All"] });
  assert.equal(await nodeOf(), "old");
  await cancel("virtualmachines", { evacuationNodeName: "old" });
  assert.equal(await nodeOf(), undefined);
  await cancel("virtualmachines", { evacuationNodeName: "old" });
  await server.client.patch(virtualMachineInstances, key("moved"), marked, { subresource: "status" });
  const { stdout } = await vmpod(["evacuate-cancel", "vm", "moved"]);
  assert.equal(stdout, "VM default/moved was canceled evacuation\n");
  assert.equal(await nodeOf(), undefined);
  await server.kubectl(["delete", "vm", "moved", "--timeout=60s"]);
});

test("start, stop and restart", async () => {
  await server.apply(machine({}, { runStrategy: "Halted" }, "switch"));
  await statusOf("switch", "Stopped");
  await subresource("PUT", "virtualmachines/switch/start", {});
  const vmi = await waitFor(server.client, virtualMachineInstances, key("switch"), (each) => each !== undefined, {
    timeoutMs,
  });
  assert.equal((await server.client.get(virtualMachines, key("switch"))).spec.runStrategy, "Always");
  await assert.rejects(subresource("PUT", "virtualmachines/switch/start", {}), {
    reason: "Conflict",
    message: /VM is already running/,
  });
  await subresource("PUT", "virtualmachines/switch/restart", {});
  const isSuccessor = (each: typeof vmi) => each !== undefined && each.metadata?.uid !== vmi?.metadata?.uid;
  await waitFor(server.client, virtualMachineInstances, key("switch"), isSuccessor, { timeoutMs });
  await subresource("PUT", "virtualmachines/switch/stop", { gracePeriod: 0 });
  await statusOf("switch", "Stopped");
  await assert.rejects(subresource("PUT", "virtualmachines/switch/stop", {}), { reason: "Conflict" });
  await server.kubectl(["delete", "vm", "switch", "--timeout=60s"]);
});

test("Manual starts when asked, RerunOnFailure by itself", async () => {
  await server.apply(machine({}, { runStrategy: "Manual" }, "by-hand"));
  await statusOf("by-hand", "Stopped");
  await subresource("PUT", "virtualmachines/by-hand/start", { paused: true });
  const vmi = await waitFor(server.client, virtualMachineInstances, key("by-hand"), (each) => each !== undefined, {
    timeoutMs,
  });
  assert.equal(vmi?.spec.startStrategy, "Paused");
  await server.apply(machine({}, { runStrategy: "RerunOnFailure" }, "again"));
  await statusOf("again", "Starting");
  await server.kubectl(["delete", "vm", "by-hand", "again", "--timeout=60s"]);
});

test("a changed template asks for a restart, which applies it", async () => {
  await server.apply(machine({}, {}, "change"));
  await statusOf("change", "Starting");
  await server.apply(machine({ domain: { memory: { guest: "96Mi" } } }, {}, "change"));
  const wants = (vm: { status?: { conditions?: { type: string }[] } } | undefined, wanted: boolean) =>
    (vm?.status?.conditions ?? []).some(({ type }) => type === "RestartRequired") === wanted;
  await waitFor(server.client, virtualMachines, key("change"), (vm) => wants(vm, true), { timeoutMs });
  await subresource("PUT", "virtualmachines/change/restart", {});
  await waitFor(
    server.client,
    virtualMachineInstances,
    key("change"),
    (vmi) => vmi?.spec.domain.memory?.guest === "96Mi",
    { timeoutMs },
  );
  await waitFor(server.client, virtualMachines, key("change"), (vm) => wants(vm, false), { timeoutMs });
  await server.kubectl(["delete", "vm", "change", "--timeout=60s"]);
});

test("a claim that is missing shows", async () => {
  const volumes = [{ name: "root", persistentVolumeClaim: { claimName: "nowhere" } }];
  await server.apply(machine({ volumes }, {}, "claimless"));
  const vm = await statusOf("claimless", "ErrorPvcNotFound");
  const condition = vm?.status?.conditions?.find(({ type }) => type === "Synchronized");
  assert.match(condition?.message ?? "", /failed to find PersistentVolumeClaim nowhere/);
  await server.kubectl(["delete", "vm", "claimless", "--timeout=60s"]);
});

test("an instance cannot be changed by its user", async () => {
  await server.apply(machine({}, {}, "fixed"));
  await statusOf("fixed", "Starting");
  const patch = JSON.stringify({ spec: { terminationGracePeriodSeconds: 1 } });
  const words = await refusal(server.kubectl(["patch", "vmi", "fixed", "--type=merge", "-p", patch]));
  assert.match(words, /cannot be changed: change the VirtualMachine "fixed" and restart it/);
  await server.kubectl(["delete", "vm", "fixed", "--timeout=60s"]);
});

test("what cannot be done at a guest that does not run is refused in upstream's words", async () => {
  await server.apply(machine({}, {}, "asleep"));
  await statusOf("asleep", "Starting");
  const vmi = "virtualmachineinstances/asleep";
  await assert.rejects(subresource("PUT", `${vmi}/pause`, {}), { code: 409, message: /VM is not running/ });
  await assert.rejects(subresource("GET", `${vmi}/guestosinfo`), { code: 409, message: /VMI is not running/ });
  await assert.rejects(subresource("GET", `${vmi}/console`), { code: 501, message: /websocket/ });
  await assert.rejects(subresource("PUT", "virtualmachines/asleep/backup", {}), {
    code: 501,
    message: /backups is not available yet/,
  });
  await assert.rejects(subresource("PUT", "virtualmachines/asleep/memorydump", {}), {
    code: 400,
    message: /requires claim name on first request/,
  });
  await assert.rejects(subresource("PUT", "virtualmachines/asleep/memorydump", { claimName: "nowhere" }), {
    code: 404,
    message: /persistentvolumeclaims "nowhere" not found/,
  });
  await assert.rejects(subresource("PUT", "virtualmachines/asleep/removememorydump", {}), {
    code: 409,
    message: /no association found/,
  });
  await assert.rejects(subresource("PUT", "virtualmachines/nobody/start", {}), {
    code: 404,
    message: /virtualmachine\.kubevirt\.io "nobody" not found/,
  });
  await server.kubectl(["delete", "vm", "asleep", "--timeout=60s"]);
});

test("discovery shows the subresources, and the version answers", async () => {
  const list = JSON.parse(await server.kubectl(["get", "--raw", "/apis/subresources.kubevirt.io/v1"])) as {
    resources: { name: string }[];
  };
  const names = list.resources.map(({ name }) => name);
  for (const name of ["virtualmachines/start", "virtualmachineinstances/console", "virtualmachineinstances/vnc"])
    assert.ok(names.includes(name), name);
  const version = JSON.parse(
    await server.kubectl(["get", "--raw", "/apis/subresources.kubevirt.io/v1alpha3/version"]),
  ) as { gitVersion: string };
  assert.match(version.gitVersion, /^v\d/);
});

test("kubectl knows the kinds by their short names and columns", async () => {
  await server.apply(machine({}, { runStrategy: "Halted" }, "columns"));
  await statusOf("columns", "Stopped");
  assert.match(
    await server.kubectl(["get", "vms", "columns"]),
    /NAME\s+AGE\s+STATUS\s+READY\ncolumns\s+\S+\s+Stopped\s+False/,
  );
  assert.match(await server.kubectl(["explain", "vm.spec.runStrategy"]), /runStrategy/);
  await server.kubectl(["delete", "vm", "columns", "--timeout=60s"]);
});

test("migration policies are known to kubectl, and refused with what is wrong", async () => {
  const policy = (spec: object) => ({
    apiVersion: "migrations.kubevirt.io/v1alpha1",
    kind: "MigrationPolicy",
    metadata: { name: "careful" },
    spec: { selectors: { namespaceSelector: { team: "a" } }, ...spec },
  });
  const words = await refusal(server.apply(policy({ completionTimeoutPerGiB: -1, bandwidthPerMigration: "-1Mi" })));
  assert.match(words, /\* spec\.completionTimeoutPerGiB: Invalid value: -1: must not be negative/);
  assert.match(words, /\* spec\.bandwidthPerMigration: Invalid value: "-1Mi": must not be negative/);
  assert.match(
    await refusal(server.apply(policy({ selectors: { namespaceSelector: { matchLabels: {} } } }))),
    /matchLabels/,
  );
  await server.apply(policy({ bandwidthPerMigration: "1Mi", allowPostCopy: true }));
  assert.match(await server.kubectl(["get", "migrationpolicies"]), /^NAME +AGE\ncareful /);
  assert.match(await server.kubectl(["explain", "migrationpolicy.spec.selectors"]), /virtualMachineInstanceSelector/);
  await server.kubectl(["delete", "migrationpolicy", "careful"]);
});

test("the KubeVirt resource decides for machines that come after it, and its status says how it stands", async () => {
  const settings = (configuration: object) =>
    server.apply({
      apiVersion: "kubevirt.io/v1",
      kind: "KubeVirt",
      metadata: { name: "kubevirt", namespace: "default" },
      spec: { configuration },
    });
  const untilStatus = (holds: (status: KubeVirt["status"]) => boolean | undefined) =>
    waitFor(server.client, kubeVirts, key("kubevirt"), (object) => holds(object?.status) === true, { timeoutMs });
  await settings({ evictionStrategy: "External", cpuModel: "Nehalem" });
  const deployed = await untilStatus((status) => status?.phase === "Deployed");
  assert.equal(deployed?.status?.observedKubeVirtVersion, "v0.0.0-test");
  await server.apply(machine({}, {}, "configured"));
  const created = await waitFor(server.client, virtualMachineInstances, key("configured"), Boolean, { timeoutMs });
  assert.deepEqual([created?.spec.evictionStrategy, created?.spec.domain.cpu?.model], ["External", "Nehalem"]);
  await settings({ evictionStrategy: "Sometimes" });
  await untilStatus((status) =>
    status?.conditions?.some(({ type, message }) => type === "Degraded" && message?.includes('"Sometimes"')),
  );
  await server.kubectl(["delete", "kubevirt/kubevirt", "vm/configured"]);
});

test("where a quota counts limits, a machine's launcher has some, and twice the memory that it asks for or as much as the namespace says", async () => {
  const hard = { "limits.cpu": "8", "limits.memory": "8Gi" };
  await server.apply({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "metered", labels: { "alpha.kubevirt.io/auto-memory-limits-ratio": "1.5" } },
  });
  await server.apply({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "limits", namespace: "metered" },
    spec: { hard },
  });
  await server.apply({ ...machine({}, {}, "metered"), metadata: { name: "metered", namespace: "metered" } });
  const found = { namespace: "metered", name: "metered" };
  const isScheduling = (vmi: { status?: { phase?: string } } | undefined) => vmi?.status?.phase === "Scheduling";
  await waitFor(server.client, virtualMachineInstances, found, isScheduling, { timeoutMs });
  const { items } = await server.client.list(pods, { namespace: "metered" });
  const { requests, limits } = items[0]?.spec?.containers[0]?.resources ?? {};
  assert.equal(limits?.["cpu"], "1");
  assert.equal(Number(limits?.["memory"]), Math.ceil(Number(requests?.["memory"]) * 1.5));
  await server.kubectl(["delete", "vm", "metered", "-n", "metered", "--timeout=60s"]);
});

test("machines of an older launcher are marked and counted, and migrate to a newer one, or are evicted when they cannot", async () => {
  await server.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "aging" } });
  const onDisk = (bus: string) => ({ domain: { devices: { disks: [{ name: "root", disk: { bus } }] } } });
  const launchers = [await running("older", onDisk("virtio")), await running("fixed", onDisk("sata"))];
  const strategy = { workloadUpdateMethods: ["Evict", "LiveMigrate"], batchEvictionInterval: "1s" };
  const kubevirt = {
    apiVersion: "kubevirt.io/v1",
    kind: "KubeVirt",
    metadata: { name: "kubevirt", namespace: "default" },
  };
  await server.apply({ ...kubevirt, spec: { workloadUpdateStrategy: strategy } });
  for (const name of launchers) await setImage(name, "localhost/vmpod/launcher:older");
  const counted = (object: KubeVirt | undefined) => object?.status?.outdatedVirtualMachineInstanceWorkloads === 2;
  await waitFor(server.client, kubeVirts, key("kubevirt"), counted, { timeoutMs });
  const evicted = (pod: { metadata?: { deletionTimestamp?: string } } | undefined) =>
    pod === undefined || pod.metadata?.deletionTimestamp !== undefined;
  await waitFor(server.client, pods, key(launchers[1] ?? ""), evicted, { timeoutMs });
  const items = await watchUntil(
    server.client,
    virtualMachineInstanceMigrations,
    { namespace: "default", timeoutMs },
    (found) => (found.length > 0 ? found : undefined),
  );
  assert.deepEqual(
    items.map(({ metadata, spec }) => [metadata?.annotations?.["kubevirt.io/workloadUpdateMigration"], spec?.vmiName]),
    [["", "older"]],
  );
  await server.kubectl(["delete", "kubevirt/kubevirt", "vm/older", "vm/fixed", "node/aging", "--wait=false"]);
  await server.kubectl(["wait", "--for=delete", "vm/older", "vm/fixed", "--timeout=60s"]);
});

/** @returns its pod */
async function running(name: string, spec: Record<string, unknown>): Promise<string> {
  await server.apply(machine(spec, {}, name));
  return letRun(server, name, "aging");
}

async function setImage(podName: string, image: string): Promise<void> {
  const body = { spec: { containers: [{ name: "compute", image }] } };
  await server.client.patch(pods, key(podName), { type: "strategic", body });
}

test("how much vmpod logs is shown and set in the KubeVirt resource, which it follows while it runs", async () => {
  const verbosity = async (...flags: string[]) => {
    const { stdout, stderr } = await vmpod(["adm", "log-verbosity", ...flags]);
    return (stdout || stderr).trim();
  };
  const before = [log.level, await verbosity("--virt-controller")];
  assert.deepEqual(before, ["info", "virt-controller=2"]);
  assert.match(await verbosity("--virt-controller=4"), /^successfully set/);
  await until(() => log.level === "debug");
  assert.match(await verbosity("--virt-api=12"), /virt-api: log verbosity must be 0-9/);
  assert.match(await verbosity("--all"), /^virt-api=2\nvirt-controller=4\nvirt-handler=2\n/);
  await verbosity("--reset", "--virt-operator=3");
  await until(() => log.level === "info");
  assert.equal(await verbosity("--virt-operator"), "virt-operator=3");
  await server.kubectl(["delete", "kubevirt/kubevirt", "-n", "kube-system"]);
});

test("presets fill in what an instance leaves open, unless it wants none or they contradict each other", async () => {
  const preset = (name: string, cores: number) => ({
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstancePreset",
    metadata: { name, namespace: "default" },
    spec: { selector: { matchLabels: { size: "preset" } }, domain: { cpu: { cores }, devices: {} } },
  });
  const instance = (name: string, domain: object = {}, annotations: Record<string, string> = {}) => ({
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name, namespace: "default", labels: { size: "preset" }, annotations },
    spec: sampleSpec((spec) => Object.assign(spec.domain, domain)),
  });
  const coresOf = async (name: string) =>
    (await server.client.get(virtualMachineInstances, key(name))).spec.domain.cpu?.cores;
  await server.apply(preset("two", 2));
  await server.apply(instance("open"));
  assert.equal(await coresOf("open"), 2);
  const { metadata } = await server.client.get(virtualMachineInstances, key("open"));
  assert.equal(metadata?.annotations?.["virtualmachinepreset.kubevirt.io/two"], "kubevirt.io/v1");
  await server.apply(instance("own", { cpu: { cores: 3 } }));
  assert.equal(await coresOf("own"), 3);
  await server.apply(
    instance("without", {}, { "virtualmachineinstancepresets.admission.kubevirt.io/exclude": "true" }),
  );
  assert.equal(await coresOf("without"), 1);
  await server.apply(preset("four", 4));
  assert.match(await refusal(server.apply(instance("torn"))), /spec\.domain\.cpu: .*four and two both select/);
  await server.kubectl(["delete", "vmipreset,vmi", "--all", "--timeout=60s"]);
});

test("the object graph tells what a machine depends on, as far as one wants to know", async () => {
  await server.apply(machine({}, {}, "graph"));
  await isScheduling("graph");
  const graph = (await subresource("GET", "virtualmachines/graph/objectgraph")) as GraphNode;
  const [instance] = graph.children ?? [];
  assert.deepEqual(
    [graph.objectReference.kind, instance?.objectReference.kind],
    ["VirtualMachine", "VirtualMachineInstance"],
  );
  assert.match(instance?.children?.[0]?.objectReference.name ?? "", /^virt-launcher-graph-/);
  const [pod] = ((await subresource("GET", "virtualmachineinstances/graph/objectgraph")) as GraphNode).children ?? [];
  assert.equal(pod?.objectReference.kind, "Pod");
  await assert.rejects(subresource("GET", "virtualmachines/nobody/objectgraph"), { reason: "NotFound" });
  const shown = await vmpod(["objectgraph", "graph", "--exclude-optional"]);
  const { objectReference, children } = JSON.parse(shown.stdout) as GraphNode;
  assert.deepEqual([objectReference.kind, children?.length ?? 0], ["VirtualMachine", 0], shown.stderr);
  const selected = await vmpod([
    "objectgraph",
    "graph",
    "--vmi",
    "--selector=kubevirt.io/dependency-type=storage",
    "-oyaml",
  ]);
  assert.match(selected.stdout, /kind: VirtualMachineInstance\n/, selected.stderr);
  assert.doesNotMatch(selected.stdout, /kind: Pod/);
  await server.kubectl(["delete", "vm", "graph", "--timeout=60s"]);
});
