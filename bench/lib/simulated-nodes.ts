/**
 * Nodes without machines: what a kubelet and a node agent would write about pods and virtual machine instances, as those would write
 * it (their own pure functions decide), but nothing runs. Where the controller that is measured brings no scheduler, this is it, too.
 *
 *   pod       unbound --bind--> bound --ContainerCreating--> --Running--> --the gate is open--> Ready
 *   instance  Scheduled --> Running --> AgentConnected
 *
 * The nodes are alive: a lease every 10 s and the agent's heartbeat every minute, each at its own time.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { leases } from "../../api/coordination.ts";
import { type Node, nodes, type Pod, pods } from "../../api/core.ts";
import { annotations, deviceResources, labels } from "../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import { sameJson } from "../../api/kubevirt/same-json.ts";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import type { Client } from "../../src/client/client.ts";
import { createInformer } from "../../src/client/create-informer.ts";
import type { Informer } from "../../src/client/informer.ts";
import { podIndexes, podsOf } from "../../src/controllers/virtualmachineinstance/observe.ts";
import { aContainer, aSandbox, observed } from "../../src/kubelet/pods/fixture.ts";
import { podStatus } from "../../src/kubelet/pods/status.ts";
import { macOf } from "../../src/node/domain/desired-devices.ts";
import { driversOf, noDevices, someMachine, someObservation } from "../../src/node/domain/observation.fixture.ts";
import { decideStatus } from "../../src/node/status/status.ts";
import { driveId, nicId } from "../../src/qemu/domain/ids.ts";
import { timestamp } from "../../src/runtime/conditions.ts";
import { parseObjectKey } from "../../src/runtime/object-key.ts";
import { enqueueOnChange, runReconciler } from "../../src/runtime/run-reconciler.ts";

export interface SimulatedNodes {
  vmis: Informer<VirtualMachineInstance>;
}

export interface SimulatedNodesOptions {
  client: Client;
  count: number;
  /** Bind pods: nobody else does. */
  schedule: boolean;
  signal: AbortSignal;
}

const leaseNamespace = "kube-node-lease";
const leaseMs = 10_000;
const heartbeatMs = 60_000;
const concurrency = 16;

export async function simulateNodes(options: SimulatedNodesOptions): Promise<SimulatedNodes> {
  const { client, count, signal } = options;
  const names = Array.from({ length: count }, (_, index) => `node-${index}`);
  for (const [index, name] of names.entries()) await bringUpNode(client, name, index);
  stayAlive(client, names, signal);
  const informers = {
    pods: createInformer(client, pods, { indexes: podIndexes }),
    vmis: createInformer(client, virtualMachineInstances),
  };
  runKubelets({ ...options, ...informers, names });
  runAgents({ ...options, ...informers });
  for (const informer of Object.values(informers)) informer.start(signal);
  await Promise.all(Object.values(informers).map((informer) => informer.synced()));
  return { vmis: informers.vmis };
}

async function bringUpNode(client: Client, name: string, index: number): Promise<void> {
  const node = nodeOf(name, index);
  const { metadata } = await client.create(nodes, node);
  await client.updateStatus(nodes, { ...node, metadata });
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTime() };
  const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name, namespace: leaseNamespace } };
  await client.create(leases, { ...lease, spec });
}

function nodeOf(name: string, index: number): Node {
  const capacity = {
    cpu: "64",
    memory: "256Gi",
    pods: "250",
    [deviceResources.kvm]: "1000",
    [deviceResources.tun]: "1000",
    [deviceResources.vhostNet]: "1000",
  };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, [labels.schedulable]: "true", [labels.kvm]: "true" },
      annotations: { [annotations.heartbeat]: timestamp() },
    },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", lastTransitionTime: timestamp() }],
      addresses: [{ type: "InternalIP", address: addressOf(index) }],
    },
  };
}

const addressOf = (index: number): string => `192.0.2.${index + 1}`;

/** Each at a time of its own, as nodes are. */
function stayAlive(client: Client, names: readonly string[], signal: AbortSignal): void {
  for (const name of names) {
    repeat(leaseMs, signal, () => {
      const body = { spec: { renewTime: microTime() } };
      return client.patch(leases, { namespace: leaseNamespace, name }, { type: "merge", body });
    });
    repeat(heartbeatMs, signal, () => {
      const body = { metadata: { annotations: { [annotations.heartbeat]: timestamp() } } };
      return client.patch(nodes, { name }, { type: "merge", body });
    });
  }
}

function repeat(everyMs: number, signal: AbortSignal, action: () => Promise<unknown>): void {
  const act = (): void => {
    // One that is missed is followed by the next.
    action().catch(() => undefined);
  };
  const timers = [setTimeout(() => void timers.push(setInterval(act, everyMs)), Math.random() * everyMs)];
  signal.addEventListener("abort", () => timers.forEach(clearTimeout), { once: true });
}

interface Kubelets extends SimulatedNodesOptions {
  pods: Informer<Pod>;
  names: readonly string[];
}

function runKubelets({ client, pods: informer, names, schedule, signal }: Kubelets): void {
  let bound = 0;
  const loop = runReconciler<Pod, Pod>(
    {
      name: "kubelets",
      observe(key) {
        const { namespace, name } = parseObjectKey(key);
        return Promise.resolve(informer.get(namespace, name));
      },
      plan: (pod) => (pod.spec?.nodeName || schedule ? [pod] : []),
      execute: (pod) => (pod.spec?.nodeName ? report(pod) : bind(pod, names[bound++ % names.length] ?? "")),
    },
    { signal, concurrency },
  );
  enqueueOnChange(loop, informer);

  async function bind({ metadata }: Pod, node: string): Promise<void> {
    const { name = "", namespace = "" } = metadata ?? {};
    const target = { apiVersion: "v1", kind: "Node", name: node };
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { name, namespace }, target };
    await client.request("POST", `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
  }

  async function report(pod: Pod): Promise<void> {
    const status = plain(statusOf(pod, names.indexOf(pod.spec?.nodeName ?? "")));
    if (!isDeepStrictEqual(status, pod.status)) await client.updateStatus(pods, { ...pod, status });
  }
}

/** A pod that has no status of this node yet is being created; the next time its container runs. */
function statusOf(pod: Pod, node: number): NonNullable<Pod["status"]> {
  const isSeen = pod.status?.startTime !== undefined;
  const startedAtMs = isSeen ? Date.parse(pod.status?.startTime ?? "") : Date.now();
  const digest = createHash("sha256")
    .update(pod.metadata?.uid ?? "")
    .digest();
  const sandbox = aSandbox({ id: digest.toString("hex"), ips: [`10.${digest[0]}.${digest[1]}.${digest[2]}`] });
  const containers = (pod.spec?.containers ?? []).map(({ name, image = "" }) =>
    aContainer({
      name,
      image,
      id: digest.toString("hex"),
      imageId: `sha256:${createHash("sha256").update(image).digest("hex")}`,
      startedAtMs,
    }),
  );
  const observation = isSeen ? observed(pod, [sandbox], containers) : observed(pod);
  return podStatus({ ...observation, nowMs: Date.now() }, pod, { nodeIp: addressOf(node) });
}

/** As it will come back: without keys that are undefined. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

interface Agents extends SimulatedNodesOptions {
  pods: Informer<Pod>;
  vmis: Informer<VirtualMachineInstance>;
}

function runAgents({ client, pods: podInformer, vmis, signal }: Agents): void {
  const loop = runReconciler<VirtualMachineInstance, VirtualMachineInstance>(
    {
      name: "agents",
      observe(key) {
        const { namespace, name } = parseObjectKey(key);
        return Promise.resolve(vmis.get(namespace, name));
      },
      plan: (vmi) => (["Scheduled", "Running"].includes(vmi.status?.phase ?? "") ? [vmi] : []),
      async execute(vmi) {
        const [pod] = podsOf(vmi, podInformer);
        const status = pod && reportOf(vmi, pod);
        if (status && !sameJson(status, vmi.status)) {
          await client.updateStatus(virtualMachineInstances, { ...vmi, status });
        }
      },
    },
    { signal, concurrency },
  );
  enqueueOnChange(loop, vmis);
}

/** The guest's agent answers after the guest has been seen running. */
function reportOf(vmi: VirtualMachineInstance, pod: Pod): VirtualMachineInstance["status"] {
  const { disks = [], interfaces = [] } = vmi.spec.domain.devices;
  const devices = driversOf(...disks.map(({ name }) => driveId(name)), ...interfaces.map(({ name }) => nicId(name)));
  const agentConnected = vmi.status?.phase === "Running";
  const nics = interfaces.map((nic) => ({ name: "eth0", mac: macOf(vmi, nic), addresses: ["10.0.2.2"] }));
  const machine = someMachine({ accelerator: "kvm", devices: { ...noDevices, devices }, agentConnected });
  const guest = agentConnected ? { os: guestSystem, interfaces: nics } : undefined;
  return decideStatus(someObservation({ vmi, pod, machine, guest, now: timestamp() }));
}

const guestSystem = {
  id: "debian",
  name: "Debian GNU/Linux",
  prettyName: "Debian GNU/Linux 12 (bookworm)",
  version: "12 (bookworm)",
  versionId: "12",
  kernelRelease: "6.1.0-31-cloud-amd64",
  kernelVersion: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.128-1 (2025-02-07)",
  machine: "x86_64",
};

function microTime(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
