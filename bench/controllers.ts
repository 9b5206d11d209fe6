/**
 * What the controller holds and does for each virtual machine instance: 2,000 of them on simulated nodes, under the real API server and
 * the real controller, in both of its wirings.
 *
 * `npm run bench controllers -- --wiring=cluster --vmis=200` measures less.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isConditionTrue, vmiConditions } from "../api/kubevirt/conditions.ts";
import { virtualMachineInstances } from "../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../api/kubevirt/types.ts";
import type { Client } from "../src/client/client.ts";
import { isStatus } from "../src/base/errors.ts";
import { objectKey } from "../src/runtime/object-key.ts";
import { pssBytesOf } from "../test/embedded/pod-memory.ts";
import {
  type ControllerProcess,
  type ControlPlane,
  startControlPlane,
  type Wiring,
  wirings,
} from "./lib/control-plane.ts";
import { liveHeapBytes } from "./lib/live-heap.ts";
import { processorMsOf } from "./lib/processor-time.ts";
import { type Row, rounded, writeReport } from "./lib/report.ts";
import { type Counts, countingClient, difference, serverCounts } from "./lib/request-counts.ts";
import { simulateNodes } from "./lib/simulated-nodes.ts";

const { values } = parseArgs({
  options: {
    wiring: { type: "string", multiple: true, default: [...wirings] },
    vmis: { type: "string", default: "2000" },
    rate: { type: "string", default: "10" },
  },
});
const instances = Number(values.vmis);
const perSecond = Number(values.rate);
const nodeCount = 20;
/** Until the controller has collected what its work left behind (src/base/collect-when-quiet.ts). */
const settleMs = 40_000;
const idleMs = 60_000;
const patienceMs = 300_000;
/** Less often than this is not done for each instance: watches, leases. */
const leastCalls = 0.05;

const text = `The real API server (with vmpod's admission) and the real controller; ${instances.toLocaleString("en")} instances on ${nodeCount} nodes. Only the nodes are simulated: a program binds pods (for the cluster's wiring), and writes what a kubelet and the node agent would write about pods and instances, at once and by their own functions; nothing runs. The nodes are alive: a lease each 10 s, the agent's heartbeat each minute. Instances have a container disk, cloud-init and a masquerade interface; ${perSecond} are created a second. "cluster" is \`vmpod cluster-controller\`, "embedded" is \`vmpod controller\`, which is also scheduler, garbage collector and the like. Memory is PSS from /proc/PID/smaps_rollup, ${settleMs / 1000} s after the last change, nothing forced from outside; a KB is 1,000 bytes. The live heap is what V8 has in use after a full collection, asked for when all else was measured. API calls are counted at the API server, without those of the simulation. The bar: 20 KB an instance, and idle when nothing changes.`;

interface Measured {
  emptyPss: number;
  fullPss: number;
  restartedPss: number;
  emptyHeap: number;
  fullHeap: number;
  createCpuMs: number;
  idleCpuMs: number;
  scheduledMs: number[];
  calls: Counts;
}

const columns: [wiring: Wiring, measured: Measured][] = [];
for (const wiring of wirings.filter((each) => values.wiring.includes(each))) {
  columns.push([wiring, await measure(wiring)]);
}
writeReport({ name: "controllers", title: "What the controller costs per instance", text, rows: rowsOf() });

async function measure(wiring: Wiring): Promise<Measured> {
  const plane = await startControlPlane(wiring);
  const stopping = new AbortController();
  const admin = await plane.connect();
  try {
    const { client, counts } = countingClient(admin);
    const schedule = wiring === "cluster";
    const { vmis } = await simulateNodes({ client, count: nodeCount, schedule, signal: stopping.signal });
    const emptyHeap = await heapOfAnother(plane);
    const controller = await plane.startController();
    await delay(settleMs);
    const emptyPss = pssBytesOf(controller.pid);
    const before = { all: await serverCounts(admin), own: new Map(counts), cpuMs: processorMsOf(controller.pid) };
    const scheduled = timeUntilScheduled(vmis);
    await createAll(client, scheduled.createdAt);
    await untilAll(vmis, isSettled);
    await delay(settleMs);
    const createCpuMs = processorMsOf(controller.pid) - before.cpuMs;
    const all = difference(await serverCounts(admin), before.all);
    const calls = difference(all, difference(counts, before.own));
    const idleCpuMs = await idleCpuMsOf(controller);
    const fullPss = pssBytesOf(controller.pid);
    const fullHeap = await liveHeapBytes(controller.pid, controller.inspectorPort);
    await controller.stop();
    const restartedPss = await pssOfAnother(plane);
    const scheduledMs = scheduled.latencies;
    return { emptyPss, fullPss, restartedPss, emptyHeap, fullHeap, createCpuMs, idleCpuMs, scheduledMs, calls };
  } finally {
    stopping.abort();
    admin.close();
    await plane.remove();
  }
}

/** Of a process of its own: to ask for it changes what it holds. */
async function heapOfAnother(plane: ControlPlane): Promise<number> {
  return await withController(plane, ({ pid, inspectorPort }) => liveHeapBytes(pid, inspectorPort));
}

async function pssOfAnother(plane: ControlPlane): Promise<number> {
  return await withController(plane, ({ pid }) => Promise.resolve(pssBytesOf(pid)));
}

async function withController<T>(plane: ControlPlane, look: (controller: ControllerProcess) => Promise<T>): Promise<T> {
  const controller = await plane.startController();
  try {
    await delay(settleMs);
    return await look(controller);
  } finally {
    await controller.stop();
  }
}

async function idleCpuMsOf({ pid }: ControllerProcess): Promise<number> {
  const before = processorMsOf(pid);
  await delay(idleMs);
  return processorMsOf(pid) - before;
}

type Vmis = Awaited<ReturnType<typeof simulateNodes>>["vmis"];

function timeUntilScheduled(vmis: Vmis): { createdAt: Map<string, number>; latencies: number[] } {
  const createdAt = new Map<string, number>();
  const latencies: number[] = [];
  vmis.onChange(({ object }) => {
    const startedAt = createdAt.get(objectKey(object));
    if (startedAt === undefined || !["Scheduled", "Running"].includes(object.status?.phase ?? "")) return;
    createdAt.delete(objectKey(object));
    latencies.push(performance.now() - startedAt);
  });
  return { createdAt, latencies };
}

/** At a steady rate, whether or not the earlier ones are done. */
async function createAll(client: Client, createdAt: Map<string, number>): Promise<void> {
  const startedAt = performance.now();
  const creating: Promise<unknown>[] = [];
  for (let index = 0; index < instances; index += 1) {
    await delay(Math.max(0, startedAt + (index * 1000) / perSecond - performance.now()));
    const vmi = instance(`machine-${index}`);
    createdAt.set(objectKey(vmi), performance.now());
    creating.push(untilCreated(client, vmi));
  }
  await Promise.all(creating);
}

/** A connection may break on a machine that is busy. */
async function untilCreated(client: Client, vmi: VirtualMachineInstance): Promise<void> {
  for (;;) {
    const failure = await client.create(virtualMachineInstances, vmi).then(() => undefined, messageOfStatus);
    if (failure === undefined) return;
    await delay(1000);
  }
}

function messageOfStatus(error: unknown): string | undefined {
  if (isStatus(error, "AlreadyExists")) return undefined;
  if (isStatus(error, "ServiceUnavailable", "Timeout")) return error.message;
  throw error;
}

function instance(name: string): VirtualMachineInstance {
  const userData = `#cloud-config\nhostname: ${name}\nusers:\n  - name: demo\n    sudo: ALL=(ALL) NOPASSWD:ALL\n`;
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name, namespace: "default", labels: { app: name } },
    spec: {
      domain: {
        cpu: { cores: 1 },
        memory: { guest: "128Mi" },
        devices: {
          rng: {},
          disks: [
            { name: "root", disk: { bus: "virtio" } },
            { name: "seed", disk: { bus: "virtio" } },
          ],
          interfaces: [{ name: "default", masquerade: {} }],
        },
      },
      networks: [{ name: "default", pod: {} }],
      volumes: [
        { name: "root", containerDisk: { image: "localhost/vmpod/guest:latest" } },
        { name: "seed", cloudInitNoCloud: { userData } },
      ],
    },
  };
}

/** Nobody has anything left to write about it. */
function isSettled({ status }: VirtualMachineInstance): boolean {
  const { ready, agentConnected } = vmiConditions;
  return (
    status?.phase === "Running" && [ready, agentConnected].every((type) => isConditionTrue(status.conditions, type))
  );
}

async function untilAll(vmis: Vmis, condition: (vmi: VirtualMachineInstance) => boolean): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const reached = vmis.list().filter(condition).length;
    if (reached === instances) return;
    if (performance.now() > deadline) throw new Error(`only ${reached} of ${instances} instances came to run`);
    await delay(500); // a look at our own copy costs nothing
  }
}

function rowsOf(): Row[] {
  const perInstance = (bytesOrMs: number) => bytesOrMs / instances;
  const kilobytes = (from: number, to: number) => rounded(perInstance(to - from) / 1000);
  const mebibytes = (bytes: number) => rounded(bytes / 2 ** 20);
  return [
    row("memory without instances", "MiB", ({ emptyPss }) => mebibytes(emptyPss)),
    row(`memory with ${instances.toLocaleString("en")}`, "MiB", ({ fullPss }) => mebibytes(fullPss)),
    row("memory per instance", "KB", ({ emptyPss, fullPss }) => kilobytes(emptyPss, fullPss)),
    row("the same, in a controller that was started with them", "KB", ({ emptyPss, restartedPss }) =>
      kilobytes(emptyPss, restartedPss),
    ),
    row("live heap per instance", "KB", ({ emptyHeap, fullHeap }) => kilobytes(emptyHeap, fullHeap)),
    row("processor time per instance, until it is Ready", "ms", ({ createCpuMs }) => rounded(perInstance(createCpuMs))),
    row(`processor, ${idleMs / 1000} s of nothing`, "% of a CPU", ({ idleCpuMs }) =>
      rounded((idleCpuMs * 100) / idleMs, 2),
    ),
    row("create -> Scheduled, p50", "ms", ({ scheduledMs }) => rounded(quantile(scheduledMs, 0.5), 0)),
    row("create -> Scheduled, p95", "ms", ({ scheduledMs }) => rounded(quantile(scheduledMs, 0.95), 0)),
    row("API calls per instance", "", ({ calls }) => rounded(perInstance(sum([...calls.values()])), 2)),
    ...callNames().map((name) => row(name, "", ({ calls }) => rounded(perInstance(calls.get(name) ?? 0), 2))),
  ];
}

function row(what: string, unit: string, look: (measured: Measured) => number): Row {
  return { what, unit, ...Object.fromEntries(columns.map(([wiring, measured]) => [wiring, look(measured)])) };
}

function callNames(): string[] {
  const frequent = columns.flatMap(([, { calls }]) =>
    [...calls].filter(([, count]) => count / instances >= leastCalls).map(([name]) => name),
  );
  return [...new Set(frequent)].toSorted();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function quantile(numbers: readonly number[], fraction: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * fraction)] ?? 0;
}
