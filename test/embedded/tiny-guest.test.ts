/** A machine of 64 MiB through the whole stack: it boots, its guest agent connects, its web server answers, memory is left. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { after, before, test } from "node:test";
import type { OtlpRequest } from "../../src/telemetry/trace/otlp.ts";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { killAgent } from "../node-agent/guests.ts";
import { fetchText } from "./fetch-text.ts";
import { eventually, succeed } from "./instance.ts";
import { kernelHasKsm, readKsmSetting, useKsm } from "./ksm.ts";
import { machine } from "./machines.ts";
import { podProcesses, qemusOf, readProc, threadsOf } from "./processes.ts";
import { importTinyGuest, tinyGuestImage, tinyMemory } from "./tiny-guest.ts";
import { useInstance } from "./use-instance.ts";

/** Collects traces. */
const received: string[] = [];
const collector = createServer(async (request, response) => {
  received.push(await readText(request));
  response.end("{}");
}).listen(0, "127.0.0.1");
await once(collector, "listening");
process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
after(() => {
  collector.close();
  collector.closeAllConnections();
});

const instance = useInstance("vmttiny", 9, "--cpu-manager-policy", "static");
useKsm();
const { apply, fieldOf, kubectl } = instance;
const vmpod = (...args: string[]): string => succeed(instance.vmpod(...args), args.join(" "));
const name = "tiny";
const runcmd = [
  "grep -E '^(MemTotal|MemAvailable):' /proc/meminfo >/www/memory",
  "uname -m >/www/architecture",
  "cat /sys/bus/virtio/drivers/virtio_balloon/virtio*/features >/www/balloon",
];
const annotations = { "kubevirt.io/free-page-reporting-disabled": "true", "kubevirt.io/disablePCIHole64": "true" };
const selinuxType = "container_kvm_t";
before(() => importTinyGuest(instance));

test("a machine of 64 MiB runs, and its guest agent connects", async () => {
  const domain = { cpu: { dedicatedCpuPlacement: true }, resources: {} };
  apply(machine({ name, memory: tinyMemory, image: tinyGuestImage, runcmd, domain, annotations }), idler());
  await eventually(
    "it runs with a connected agent",
    180_000,
    () => (agentConnected() === "True" ? true : undefined),
    () => kubectl("get", "vmi", "-o", "yaml"),
  );
  assert.equal(fieldOf(`vmi/${name}`, ".status.phase"), "Running");
  assert.equal(fieldOf(`vmi/${name}`, ".status.memory.guestCurrent"), tinyMemory);
});

test("it answers, and has memory to spare", async () => {
  const text = await page("memory");
  const [totalKib = 0, availableKib = 0] = [...text.matchAll(/(\d+) kB/g)].map(([, kib]) => Number(kib));
  assert.ok(totalKib < 64 * 1024, text);
  assert.ok(availableKib > 12 * 1024, text);
  assert.equal(await page("architecture"), "i686");
});

test("its annotations take from it what they say", async () => {
  const features = await page("balloon");
  // VIRTIO_BALLOON_F_REPORTING, and VIRTIO_F_VERSION_1 to see that they were read.
  assert.deepEqual([features[5], features[32]], ["0", "1"], features);
  const [qemu] = qemusOf(instance.name, name);
  assert.ok(qemu?.argv.includes("q35-pcihost.pci-hole64-size=0"), qemu?.argv.join(" "));
});

test("a machine with a processor of its own has it for its vCPU alone, whoever is killed meanwhile", async () => {
  const [qemu] = qemusOf(instance.name, name);
  const vcpus = threadsOf(qemu?.pid ?? 0).filter(({ comm }) => comm.startsWith("CPU "));
  assert.deepEqual(
    vcpus.map(({ cpus }) => cpus),
    ["1"],
  );
  const beside = () => podProcesses(instance.name).filter(({ argv }) => argv.includes("86400"));
  const cpusBeside = () => beside().flatMap(({ pid }) => threadsOf(pid).map(({ cpus }) => cpus));
  await eventually(
    "the rest have the other",
    60_000,
    () => cpusBeside().join() === "0" || undefined,
    () => cpusBeside().join(),
  );
  assert.equal(killAgent(instance), true);
  const file = join(instance.dataDir, "kubelet", "cpu_manager_state");
  rmSync(file);
  const state = await eventually("it is found again who has what", 60_000, () => {
    const { entries = {}, defaultCpuSet } = existsSync(file) ? cpuState(file) : {};
    return Object.keys(entries).length > 0 ? { defaultCpuSet, entries: Object.values(entries) } : undefined;
  });
  assert.deepEqual(state, { defaultCpuSet: "0", entries: [{ compute: "1" }] });
  assert.deepEqual(cpusBeside(), ["0"]);
});

function cpuState(file: string): { entries?: object; defaultCpuSet?: string } {
  return JSON.parse(readFileSync(file, "utf8")) as ReturnType<typeof cpuState>;
}

/** A container that asks for nothing. */
function idler(): object {
  const image = "localhost/vmpod/busybox:latest";
  const container = { name: "idler", image, imagePullPolicy: "IfNotPresent", command: ["sleep", "86400"] };
  const securityContext = { seLinuxOptions: { type: selinuxType } };
  const spec = { terminationGracePeriodSeconds: 0, securityContext, containers: [container] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "idler" }, spec };
}

test("its start is told as spans that add up, and sent to who collects them", async () => {
  const sent = await eventually("the trace is received", 60_000, () => received[0]);
  const [head = "", ...lines] = vmpod("trace", `vm/${name}`).trimEnd().split("\n");
  assert.match(head, /START +TOOK/);
  const titles = lines.map((line) => line.split("  ").at(-1));
  for (const title of ["pod created", "QEMU started", "network", "disks prepared", "until its guest agent connects"])
    assert.ok(titles.includes(title), lines.join("\n"));
  const { resourceSpans } = JSON.parse(vmpod("trace", `vm/${name}`, "-o", "json")) as OtlpRequest;
  const [root, ...parts] = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  let time = root?.startTimeUnixNano;
  for (const part of parts) {
    assert.equal(part.startTimeUnixNano, time);
    time = part.endTimeUnixNano;
  }
  assert.equal(time, root?.endTimeUnixNano);
  assert.deepEqual(JSON.parse(sent), { resourceSpans });
});

test("its metrics are told, the guest's own among them", async () => {
  const labels = `node="[^"]+",namespace="default",name="${name}"`;
  const expected = [
    /^kubevirt_vmi_info\{.*name="tiny",.*phase="running",.*\} 1$/m,
    metricOf("kubevirt_vmi_cpu_usage_seconds_total", labels),
    metricOf("kubevirt_vmi_vcpu_seconds_total", `${labels},id="0",state="running"`),
    new RegExp(`^kubevirt_vmi_node_cpu_affinity\\{${labels}\\} 1$`, "m"),
    metricOf("kubevirt_vmi_memory_resident_bytes", labels),
    metricOf("kubevirt_vmi_memory_domain_bytes", labels),
    metricOf("kubevirt_vmi_memory_usable_bytes", labels),
    new RegExp(`^kubevirt_vmi_dirty_rate_bytes_per_second\\{${labels}\\} `, "m"),
    /^kubevirt_vmi_phase_transition_time_from_creation_seconds_count\{phase="Running"\} 1$/m,
    metricOf("kubevirt_vmi_storage_read_traffic_bytes_total", `${labels},drive="root"`),
    metricOf("kubevirt_vmi_network_receive_bytes_total", `${labels},interface="default"`),
    metricOf("kubevirt_vmi_network_transmit_packets_total", `${labels},interface="default"`),
  ];
  let missing: RegExp[] = [];
  await eventually(
    "all are there, once the guest's balloon has answered",
    90_000,
    () => {
      const metrics = kubectl("get", "--raw", "/metrics");
      missing = expected.filter((each) => !each.test(metrics));
      return missing.length === 0 ? true : undefined;
    },
    () => `missing: ${missing.join("\n")}\n${kubectl("get", "--raw", "/metrics")}`,
  );
});

const withoutKsm = !kernelHasKsm && "this kernel was built without KSM";

test("pages that are the same are merged where the configuration says so, while memory is scarce", {
  skip: withoutKsm,
}, async () => {
  const node = kubectl("get", "nodes", "-o", "name").trim();
  const annotate = (...values: string[]) =>
    kubectl("annotate", node, "--overwrite", ...values.map((value) => `kubevirt.io/ksm-${value}`));
  const told = () => [
    readKsmSetting("run"),
    fieldOf(node, ".metadata.labels.kubevirt\\.io/ksm-enabled"),
    fieldOf(node, ".metadata.annotations.kubevirt\\.io/ksm-handler-managed"),
  ];
  const untilTold = (what: string, ...wanted: string[]) =>
    eventually(
      what,
      30_000,
      () => (told().join() === wanted.join() ? true : undefined),
      () => told().join(),
    );
  await untilTold("nobody has asked for it", "0", "false", "false");
  const metadata = { name: "kubevirt", namespace: "kube-system" };
  const ksmConfiguration = { nodeLabelSelector: { matchLabels: { dense: "yes" } } };
  const configuration = { ksmConfiguration, selinuxLauncherType: selinuxType };
  apply({ apiVersion: "kubevirt.io/v1", kind: "KubeVirt", metadata, spec: { configuration } });
  annotate("free-percent-override=0", "sleep-ms-baseline-override=1", "pages-init-override=1250");
  kubectl("label", node, "dense=yes");
  await untilTold("it is selected, and has memory enough", "0", "true", "false");
  annotate("free-percent-override=1.0");
  await untilTold("memory is scarce", "1", "true", "true");
  assert.equal(readKsmSetting("pages_to_scan"), "1250");
  const [qemu] = qemusOf(instance.name, name);
  await eventually("pages of the guest are merged", 60_000, () =>
    Number(readProc(qemu?.pid ?? 0, "ksm_merging_pages")) > 100 ? true : undefined,
  );
  kubectl("label", node, "dense-");
  await untilTold("it is not selected any more", "0", "false", "false");
});

/** With a value above 0. */
function metricOf(metric: string, labels: string): RegExp {
  return new RegExp(`^${metric}\\{${labels}\\} [0-9.e+-]*[1-9]`, "m");
}

function agentConnected(): string {
  return fieldOf(`vmi/${name}`, `.status.conditions[?(@.type=="AgentConnected")].status`);
}

/** Of the guest's web server. */
function page(path: string): Promise<string> {
  const address = fieldOf(`vmi/${name}`, ".status.interfaces[0].ipAddress");
  return eventually(`it shows ${path}`, 60_000, () => fetchText(`http://${address}/${path}`));
}

test("a replica set keeps as many as it is told, and replaces one that is deleted", async () => {
  kubectl("delete", "vm", name, "--timeout=60s");
  applyObject("kubevirt.io/v1", "VirtualMachineInstanceReplicaSet", "many", { template: template("many") });
  await untilReady("vmirs/many", "1");
  kubectl("scale", "vmirs/many", "--replicas=2");
  await untilReady("vmirs/many", "2");
  const type = kubectl(
    "get",
    "pods",
    "-l",
    "app=many",
    "-o",
    "jsonpath={.items[*].spec.securityContext.seLinuxOptions.type}",
  );
  assert.equal(type, `${selinuxType} ${selinuxType}`, "as the KubeVirt resource says by now");
  const [first = ""] = instancesOf("many");
  kubectl("delete", first, "--timeout=60s");
  await eventually("another in its place", 60_000, () => instancesOf("many").length === 2 || undefined);
  assert.ok(!instancesOf("many").includes(first), `${first} is gone`);
  await untilReady("vmirs/many", "2");
  kubectl("scale", "vmirs/many", "--replicas=0");
  await untilNone("vmi", "many");
});

test("a pool has numbered machines, and removes those of the highest numbers", async () => {
  const scaleInStrategy = { proactive: { selectionPolicy: { sortPolicy: "DescendingOrder" } } };
  const virtualMachineTemplate = {
    metadata: { labels: { app: "herd" } },
    spec: { runStrategy: "Always", template: template("herd") },
  };
  const spec = { replicas: 2, virtualMachineTemplate, scaleInStrategy };
  applyObject("pool.kubevirt.io/v1beta1", "VirtualMachinePool", "herd", spec);
  await untilReady("vmpool/herd", "2");
  kubectl("scale", "vmpool/herd", "--replicas=1");
  await eventually(
    "only the first is left",
    60_000,
    () =>
      kubectl("get", "vm,vmi", "-l", "app=herd", "-o", "name")
        .trim()
        .split("\n")
        .every((each) => each.endsWith("/herd-0")) || undefined,
  );
  assert.equal(fieldOf("vm/herd-0", ".status.printableStatus"), "Running");
  kubectl("delete", "vmpool/herd", "--timeout=60s");
  await untilNone("vm,vmi", "herd");
});

function template(app: string) {
  const disk = { name: "root", disk: { bus: "virtio" } };
  const volume = { name: "root", containerDisk: { image: tinyGuestImage, imagePullPolicy: "IfNotPresent" } };
  const domain = { devices: { disks: [disk] }, memory: { guest: tinyMemory } };
  return { metadata: { labels: { app } }, spec: { domain, volumes: [volume], terminationGracePeriodSeconds: 0 } };
}

function applyObject(apiVersion: string, kind: string, app: string, spec: object): void {
  apply({ apiVersion, kind, metadata: { name: app }, spec: { selector: { matchLabels: { app } }, ...spec } });
}

function untilReady(object: string, count: string): Promise<boolean> {
  const look = () =>
    (fieldOf(object, ".status.readyReplicas") === count && fieldOf(object, ".status.replicas") === count) || undefined;
  return eventually(`${count} machines of ${object} are ready`, 120_000, look, () => kubectl("describe", object));
}

function instancesOf(app: string): string[] {
  return kubectl("get", "vmi", "-l", `app=${app}`, "-o", "name").split("\n").filter(Boolean);
}

function untilNone(kinds: string, app: string): Promise<boolean> {
  const look = () => kubectl("get", kinds, "-l", `app=${app}`, "-o", "name") === "" || undefined;
  return eventually(`no ${kinds} of ${app} is left`, 60_000, look);
}
