/** Node agents and controllers beside real kubelets: guests, devices, disks; what ends and what goes on when a part of vmpod does. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { subjectAccessReviews } from "../../../api/authorization.ts";
import { leases } from "../../../api/coordination.ts";
import { type Node, nodes, type Pod, pods } from "../../../api/core.ts";
import { findCondition } from "../../../api/kubevirt/conditions.ts";
import { kubeVirts, virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { exec } from "../../../src/base/exec.ts";
import type { Client } from "../../../src/client/client.ts";
import { tlsOptionsOf } from "../../../src/client/config.ts";
import { loadKubeconfig } from "../../../src/client/kubeconfig.ts";
import { waitFor } from "../../../src/client/wait-for.ts";
import { dialWebSocket } from "../../../src/streams/dial-web-socket.ts";
import { eventually } from "../../embedded/instance.ts";
import { threadsOf } from "../../embedded/processes.ts";
import { expectText, vmi } from "../../node-agent/guests.ts";
import { installVmpod } from "../../parity/cluster-target.ts";
import type { ClusterNode } from "../cluster-node.ts";
import { type Cluster, startCluster } from "../cluster.ts";

const bootMs = 300_000;
const stepMs = 120_000;
const namespace = "vmpod";
const key = (name: string) => ({ namespace: "default", name });

describe("vmpod's node agents and controllers on a cluster", () => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-agent-test-"));
  const disk = join(directory, "block.img");
  let cluster: Cluster;
  let client: Client;
  let loop = "";

  before(async () => {
    cluster = await startCluster({ staticNodes: ["n2"], onProgress: ({ step }) => console.error(step) });
    client = await cluster.connect();
    await installVmpod(cluster, (line) => console.error(line));
    await apply(vmi({ name: "one", domain: { cpu: { dedicatedCpuPlacement: true }, resources: {} } }));
  });
  after(async () => {
    client.close();
    await cluster.stop();
    if (loop) await exec(["losetup", "--detach", loop]);
    rmSync(directory, { recursive: true });
  });

  async function apply(...manifests: string[]): Promise<void> {
    const input = `{"apiVersion":"v1","kind":"List","items":[${manifests.join(",")}]}`;
    await cluster.kubectlWith({ input }, "apply", "-f", "-");
  }

  const untilVmi = (
    name: string,
    holds: (vmi: VirtualMachineInstance) => boolean | undefined,
    timeoutMs = stepMs,
  ): Promise<VirtualMachineInstance | undefined> =>
    waitFor(client, virtualMachineInstances, key(name), (found) => found !== undefined && holds(found) === true, {
      timeoutMs,
    });

  async function nodeOf(name: string): Promise<ClusterNode> {
    const found = await client.get(virtualMachineInstances, key(name));
    const node = cluster.nodes.find((each) => each.name === found.status?.nodeName);
    assert.ok(node, `${name} is on no node`);
    return node;
  }

  async function launcherOf(name: string): Promise<Pod> {
    const list = await client.list(pods, { namespace: "default", labelSelector: `vm.kubevirt.io/name=${name}` });
    const [pod] = list.items;
    assert.ok(pod, `${name} has no pod`);
    return pod;
  }

  async function ownPod(node: ClusterNode): Promise<Pod> {
    const fieldSelector = `spec.nodeName=${node.name}`;
    const list = await client.list(pods, { namespace, fieldSelector });
    const pod = list.items.find(({ metadata }) => metadata?.name?.startsWith("vmpod-agent-"));
    assert.ok(pod, `no agent on ${node.name}`);
    return pod;
  }

  /** The first process of a machine, or what answers its DHCP, as the host sees it. */
  function processesOf(pod: Pod, program: string): number[] {
    return readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => read(`/proc/${pid}/cgroup`).includes(pod.metadata?.uid ?? "none"))
      .filter((pid) => (read(`/proc/${pid}/cmdline`).split("\0")[0] ?? "").endsWith(program))
      .map(Number);
  }

  /** As the guest's own agent says, asked through ours. */
  async function untilNamed(name: string, hostname: string): Promise<void> {
    const path = `/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/${name}/guestosinfo`;
    let seen: unknown;
    const ask = () => client.request<{ hostname?: string }>("GET", path).catch((error: unknown) => ({ error }));
    const look = async () => {
      seen = await ask();
      return (seen as { hostname?: string }).hostname === hostname || undefined;
    };
    await eventually(`the guest of ${name} calls itself ${hostname}`, bootMs, look, () => JSON.stringify(seen));
  }

  const containerOf = (pod: Pod): string =>
    pod.status?.containerStatuses?.[0]?.containerID?.replace("containerd://", "") ?? "";

  it("boots a guest from a copy of its disk, with a console, an address and an agent", async () => {
    const running = await untilVmi("one", ({ status }) => status?.phase === "Running", bootMs);
    const pod = await launcherOf("one");
    assert.deepEqual(
      pod.spec?.initContainers?.map((each) => each.name),
      ["copier", "copy-disk-0"],
    );
    assert.equal(findCondition(running?.status?.conditions, "SoftwareEmulation")?.status, "True");
    const config = await loadKubeconfig(cluster.kubeconfig);
    const path = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/one/console";
    const dial = () => dialWebSocket({ server: config.server, tls: tlsOptionsOf(config) }, path, ["plain.kubevirt.io"]);
    // The aggregator takes a moment to know of the extension's address.
    const console = await eventually("the console opens", stepMs, () => dial().catch(() => undefined));
    const prompt = expectText(console, /one login:/, bootMs);
    console.send(Buffer.from("\r"));
    await prompt;
    console.terminate();
    const connected = await untilVmi(
      "one",
      ({ status }) => findCondition(status?.conditions, "AgentConnected")?.status === "True",
      bootMs,
    );
    assert.equal(connected?.status?.interfaces?.[0]?.ipAddress, pod.status?.podIP);
  });

  it("gives QEMU one device, which is its user's own, and no privilege", async () => {
    const [pid = 0] = processesOf(await launcherOf("one"), "qemu-system-x86_64");
    const { uid, gid, mode } = statSync(`/proc/${pid}/root/dev/net/tun`);
    assert.deepEqual([uid, gid, mode & 0o777], [107, 107, 0o660]);
    assert.equal(statSync("/dev/net/tun").uid, 0);
    const status = read(`/proc/${pid}/status`);
    for (const line of [/^CapEff:\t0{16}$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m, /^Uid:\t107\t/m])
      assert.match(status, line);
  });

  it("gives a machine a processor of its own on a node whose kubelet gives them away, and there alone", async () => {
    const { items } = await client.list(nodes);
    const isManaged = ({ metadata }: Node): boolean => metadata?.labels?.["cpumanager"] === "true";
    assert.deepEqual(
      items.map((node) => [node.metadata?.name, isManaged(node)]),
      [
        ["n1", false],
        ["n2", true],
      ],
    );
    assert.equal((await nodeOf("one")).name, "n2");
    assert.equal((await launcherOf("one")).status?.qosClass, "Guaranteed");
    const [qemu = 0] = processesOf(await launcherOf("one"), "qemu-system-x86_64");
    const cpusOf = (pid: number) => [...new Set(threadsOf(pid).map(({ cpus }) => cpus))].join(" ");
    assert.ok(threadsOf(qemu).some(({ comm }) => comm.startsWith("CPU 0")));
    assert.equal(cpusOf(qemu), "1");
    const [agent = 0] = processesOf(await ownPod(await nodeOf("one")), "/node");
    assert.equal(cpusOf(agent), "0", "others leave it");
  });

  it("says on its node what there is, and that it is alive", async () => {
    const node = await nodeOf("one");
    const isTold = ({ metadata }: Node): boolean =>
      Object.keys(metadata?.labels ?? {}).some((label) => label.startsWith("cpu-model.node.kubevirt.io/"));
    const found = await waitFor(client, nodes, { name: node.name }, (each) => each !== undefined && isTold(each), {
      timeoutMs: stepMs,
    });
    const { labels = {}, annotations = {} } = found?.metadata ?? {};
    assert.deepEqual(
      [labels["kubevirt.io/schedulable"], labels["cpu-feature.node.kubevirt.io/sse4.2"]],
      ["true", "true"],
    );
    const ageMs = Date.now() - Date.parse(annotations["kubevirt.io/heartbeat"] ?? "");
    assert.ok(ageMs < 120_000, `the heartbeat is ${ageMs} ms old`);
    assert.equal(found?.status?.allocatable?.["devices.kubevirt.io/tun"], "1k");
    assert.equal(
      found?.status?.allocatable?.["devices.kubevirt.io/kvm"] === undefined,
      labels["vmpod.dev/kvm"] === "false",
    );
  });

  it("keeps guest and DHCP when the agent's pod is replaced, and takes them over", async () => {
    const node = await nodeOf("one");
    const pod = await launcherOf("one");
    const [qemu, dhcp] = ["qemu-system-x86_64", "dnsmasq"].map((program) => processesOf(pod, program));
    assert.equal(dhcp?.length, 1);
    const before = await ownPod(node);
    await cluster.kubectl("delete", "pod", "-n", namespace, before.metadata?.name ?? "", "--wait=true");
    assert.deepEqual(processesOf(pod, "dnsmasq"), dhcp);
    await cluster.kubectl("rollout", "status", "-n", namespace, "daemonset/vmpod-agent", "--timeout=120s");
    await untilNamed("one", "one");
    assert.deepEqual(
      ["qemu-system-x86_64", "dnsmasq"].map((program) => processesOf(pod, program)),
      [qemu, dhcp],
    );
    const isBack = (found: Node | undefined): boolean =>
      found?.metadata?.labels?.["kubevirt.io/schedulable"] === "true";
    await waitFor(client, nodes, { name: node.name }, isBack, { timeoutMs: stepMs });
  });

  it("offers its devices again to a kubelet that was started anew", async () => {
    const node = await nodeOf("one");
    const sockets = `/proc/${node.pid}/root/var/lib/kubelet/device-plugins`;
    const identity = () => statSync(join(sockets, "kubelet.sock")).ctimeMs;
    const before = identity();
    await restartKubelet(node);
    await eventually(
      "the new kubelet listens",
      stepMs,
      () => (socketIsThere(sockets) && identity() !== before) || undefined,
    );
    await eventually(
      "the plugin's socket is back",
      stepMs,
      () => readdirSync(sockets).includes("vmpod-tun.sock") || undefined,
    );
    const spec = { nodeSelector: { "kubernetes.io/hostname": node.name } };
    await apply(vmi({ name: "two", spec }));
    await untilVmi("two", ({ status }) => status?.phase === "Running", bootMs);
    await cluster.kubectl("delete", "vmi", "two");
    assert.equal((await client.get(virtualMachineInstances, key("one"))).status?.phase, "Running");
  });

  it("hands a block device to QEMU, whoever it belongs to on the host", async () => {
    const node = await nodeOf("one");
    await exec(["truncate", "--size=16M", disk]);
    loop = (await exec(["losetup", "--find", "--show", disk])).trim();
    const hostOwner = statSync(loop).uid;
    await apply(...blockClaim(loop, node.name));
    const raw = {
      disk: { name: "raw", disk: { bus: "virtio" }, serial: "RAW1" },
      volume: { name: "raw", persistentVolumeClaim: { claimName: "raw" } },
    };
    await apply(vmi({ name: "block", extra: [raw] }));
    const running = await untilVmi("block", ({ status }) => status?.phase === "Running", bootMs);
    assert.ok(running?.status?.volumeStatus?.some(({ name }) => name === "raw"));
    const [pid = 0] = processesOf(await launcherOf("block"), "qemu-system-x86_64");
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
    assert.ok(open.includes("/dev/vmpod/raw"), open.join(" "));
    assert.equal(statSync(loop).uid, hostOwner);
    await cluster.kubectl("delete", "vmi", "block");
  });

  it("makes media of Secrets that no agent may read", async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "seed" },
      stringData: { userdata: "#cloud-config\nhostname: from-a-secret\n" },
    };
    await apply(JSON.stringify(secret), vmi({ name: "seeded", secret: "seed" }));
    await untilVmi(
      "seeded",
      ({ status }) => findCondition(status?.conditions, "AgentConnected")?.status === "True",
      bootMs,
    );
    await untilNamed("seeded", "from-a-secret");
    const user = "system:serviceaccount:vmpod:vmpod-agent";
    const resourceAttributes = { namespace: "default", verb: "get", resource: "secrets", name: "seed" };
    const review = await client.create(subjectAccessReviews, { spec: { user, resourceAttributes } });
    assert.equal(review.status?.allowed, false);
    await cluster.kubectl("delete", "vmi", "seeded");
  });

  it("reports a machine whose node's agent is silent, gives the node no more, and loses nothing", async () => {
    const node = await nodeOf("one");
    const [qemu] = processesOf(await launcherOf("one"), "qemu-system-x86_64");
    const agent = containerOf(await ownPod(node));
    await node.ctr("tasks", "pause", agent);
    const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
    await cluster.kubectl("annotate", "node", node.name, "--overwrite", `kubevirt.io/heartbeat=${anHourAgo}`);
    const silent = await untilVmi(
      "one",
      ({ status }) => findCondition(status?.conditions, "NodeUnresponsive") !== undefined,
    );
    assert.match(findCondition(silent?.status?.conditions, "NodeUnresponsive")?.message ?? "", new RegExp(node.name));
    assert.equal(silent?.status?.phase, "Running");
    assert.equal((await client.get(nodes, { name: node.name })).metadata?.labels?.["kubevirt.io/schedulable"], "false");
    await node.ctr("tasks", "resume", agent).catch(() => undefined); // its probe may have had it replaced by now
    await untilVmi("one", ({ status }) => findCondition(status?.conditions, "NodeUnresponsive") === undefined);
    const events = () => cluster.kubectl("get", "events", "-o", "jsonpath={.items[*].reason}");
    const areTold = async () => /NodeUnresponsive/.test(await events()) && /NodeResponsive/.test(await events());
    await eventually("its events", stepMs, async () => (await areTold()) || undefined, events);
    assert.deepEqual(processesOf(await launcherOf("one"), "qemu-system-x86_64"), [qemu]);
  });

  it("has another leader within 15 s when the one there is stops", async () => {
    const lease = { namespace, name: "vmpod-controller" };
    const { spec } = await client.get(leases, lease);
    const leader = await client.get(pods, { namespace, name: spec?.holderIdentity ?? "" });
    const node = cluster.nodes.find((each) => each.name === leader.spec?.nodeName);
    assert.ok(node);
    const stoppedMs = Date.now();
    await node.ctr("tasks", "pause", containerOf(leader));
    try {
      const isOthers = (found: { spec?: { holderIdentity?: string } } | undefined): boolean =>
        found?.spec?.holderIdentity !== spec?.holderIdentity;
      await waitFor(client, leases, lease, isOthers, { timeoutMs: 60_000 });
      assert.ok(Date.now() - stoppedMs <= 15_000, `it took ${Date.now() - stoppedMs} ms`);
    } finally {
      await node.ctr("tasks", "resume", containerOf(leader)).catch(() => undefined);
    }
  });

  it("reads the KubeVirt resource, and says in it how vmpod is", async () => {
    const settings = { spec: { configuration: { cpuModel: "Westmere" } } };
    const kubevirt = ["kubevirt", "kubevirt", "-n", namespace];
    await cluster.kubectl("patch", ...kubevirt, "--type=merge", `--patch=${JSON.stringify(settings)}`);
    const isGood = (
      found: { status?: { phase?: string; conditions?: { type: string; status: string }[] } } | undefined,
    ) => found?.status?.phase === "Deployed" && findCondition(found.status.conditions, "Available")?.status === "True";
    await waitFor(client, kubeVirts, { namespace, name: "kubevirt" }, isGood, { timeoutMs: stepMs });
    await apply(vmi({ name: "three", spec: { startStrategy: "Paused" } }));
    const created = await untilVmi("three", () => true);
    assert.equal(created?.spec.domain.cpu?.model, "Westmere");
    await cluster.kubectl("delete", "vmi", "three");
  });
});

/** kill -9, and then as whatever supervises it on a real node would. */
async function restartKubelet(node: ClusterNode): Promise<void> {
  const pid = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      const [program = "", ...argv] = read(`/proc/${name}/cmdline`).split("\0");
      return program.endsWith("/kubelet") && argv.includes(`--node-ip=${node.ip}`);
    });
  assert.ok(pid, `no kubelet of ${node.name}`);
  const argv = read(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
  process.kill(Number(pid), "SIGKILL");
  const into = ["--target", String(node.pid), "--mount", "--pid", "--net", "--uts"];
  spawn("nsenter", [...into, "--", ...argv], { stdio: "ignore", detached: true }).unref();
}

function socketIsThere(directory: string): boolean {
  return readdirSync(directory).includes("kubelet.sock");
}

function blockClaim(device: string, node: string): string[] {
  const common = { accessModes: ["ReadWriteOnce"], volumeMode: "Block", storageClassName: "" };
  const nodeSelectorTerms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] }];
  const volume = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "raw" },
    spec: {
      ...common,
      capacity: { storage: "16Mi" },
      local: { path: realpathSync(device) },
      nodeAffinity: { required: { nodeSelectorTerms } },
    },
  };
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "raw" },
    spec: { ...common, volumeName: "raw", resources: { requests: { storage: "16Mi" } } },
  };
  return [JSON.stringify(volume), JSON.stringify(claim)];
}

/** Empty when it is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
