/**
 * How long machines take to run when many are asked for in quick succession, as KubeVirt's own density test does it; next to as many bare
 * QEMUs with the same arguments and disk, started by hand at the same pace. The guests boot meanwhile, in both.
 *
 * `npm run bench density -- --machines=20` measures less.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { virtualMachineInstances } from "../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../api/kubevirt/types.ts";
import type { Client } from "../src/client/client.ts";
import { createClient } from "../src/client/create-client.ts";
import { loadKubeconfig } from "../src/client/kubeconfig.ts";
import { socketNames } from "../src/qemu/domain/paths.ts";
import { eventually, type TestInstance } from "../test/embedded/instance.ts";
import { lonelyInstance } from "../test/embedded/machines.ts";
import { qemusOf, type PodProcess } from "../test/embedded/processes.ts";
import { importTinyGuest, tinyGuestImage, tinyMemory } from "../test/embedded/tiny-guest.ts";
import { baseImageOf, endBare, runningArguments, spawnBare } from "./lib/bare-qemu.ts";
import { connectMonitor } from "./lib/connect-monitor.ts";
import { withInstance } from "./lib/bench-instance.ts";
import { median, quantile, type Row, rounded, writeReport } from "./lib/report.ts";

const { values } = parseArgs({ options: { machines: { type: "string", default: "100" } } });
const machines = Number(values.machines);
const paceMs = 100;
const patienceMs = 900_000;
const names = Array.from({ length: machines }, (_, index) => `dense${index}`);

const text = `${machines} instances of ${tinyMemory} asked for ${paceMs} ms apart, and as many QEMUs by hand at the same pace, in the same run. A machine is timed from its creation (the request leaves) until its phase is Running, seen by a watch; a bare QEMU from the start of its process until its monitor says that it runs. Guests boot as soon as they run, and compete for the processors with those that are still to start. A machine also gets a pod, a network namespace with an address and a DHCP answerer, an overlay and a cloud-init medium.`;

await withInstance(async (instance) => {
  await importTinyGuest(instance);
  const inPods = await startMachines(instance);
  const [model] = qemusOf(instance.name, names[0] ?? "");
  if (!model) throw new Error("the first machine has no QEMU");
  const byHand = await startByHand(model, () => removeMachines(instance));
  const ratio = (pick: (values: readonly number[]) => number) => rounded(pick(inPods) / pick(byHand), 2);
  writeReport({
    name: "density",
    title: "Many machines in quick succession",
    text: `${text} Ratio of the medians ${ratio(median)}, of the 95th percentiles ${ratio(p95)}.`,
    rows: [row("machine: create -> Running", inPods), row("QEMU by hand: start -> running", byHand)],
  });
});

/** @returns milliseconds until each ran */
async function startMachines(instance: TestInstance): Promise<number[]> {
  const client = createClient(await loadKubeconfig(instance.kubeconfig));
  const createdAt = new Map<string, number>();
  const runningMs = new Map<string, number>();
  const look = ({ metadata, status }: VirtualMachineInstance): void => {
    const name = metadata?.name ?? "";
    const startedAt = createdAt.get(name);
    if (startedAt === undefined || status?.phase !== "Running" || runningMs.has(name)) return;
    runningMs.set(name, performance.now() - startedAt);
  };
  const stop = new AbortController();
  const watching = watchAll(client, stop.signal, look);
  try {
    const created: Promise<unknown>[] = [];
    for (const name of names) {
      createdAt.set(name, performance.now());
      const made = lonelyInstance({ name, memory: tinyMemory, image: tinyGuestImage, cpuRequest: "5m" });
      created.push(client.create(virtualMachineInstances, inNamespace(made as VirtualMachineInstance)));
      await delay(paceMs);
    }
    await Promise.all(created);
    const all = eventually("all of them run", patienceMs, () => runningMs.size === machines || undefined);
    await Promise.race([all, watching]);
    return [...runningMs.values()];
  } finally {
    stop.abort();
    client.close();
  }
}

/** @throws when the watch ends before it is told to */
async function watchAll(
  client: Client,
  signal: AbortSignal,
  look: (vmi: VirtualMachineInstance) => void,
): Promise<never> {
  const { metadata } = await client.list(virtualMachineInstances, { namespace: "default" });
  const options = { namespace: "default", signal, resourceVersion: metadata.resourceVersion ?? "" };
  for await (const event of client.watch(virtualMachineInstances, options)) {
    if (event.type !== "BOOKMARK") look(event.object);
  }
  throw new Error("the watch of the instances has ended");
}

function inNamespace(vmi: VirtualMachineInstance): VirtualMachineInstance {
  return { ...vmi, metadata: { ...vmi.metadata, namespace: "default" } };
}

async function removeMachines({ kubectl }: TestInstance): Promise<void> {
  kubectl("delete", "vmi", "--all", "--grace-period=1", "--wait=false");
  await eventually("all of them are gone", patienceMs, () => kubectl("get", "vmi", "-o", "name") === "" || undefined);
}

/** @param whenCopied called before the first of them starts */
async function startByHand(model: PodProcess, whenCopied: () => Promise<void>): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-dense-"));
  const disk = join(directory, "disk.qcow2");
  copyFileSync(baseImageOf(model), disk);
  const arguments_ = names.map((name) => {
    mkdirSync(join(directory, name));
    return runningArguments(model, join(directory, name), disk);
  });
  await whenCopied();
  const children: ReturnType<typeof spawnBare>[] = [];
  try {
    const runs: Promise<number>[] = [];
    for (const [index, args] of arguments_.entries()) {
      const child = spawnBare(args);
      children.push(child);
      runs.push(untilRunning(child, join(directory, names[index] ?? "", socketNames.qmp)));
      await delay(paceMs);
    }
    return await Promise.all(runs);
  } finally {
    await Promise.all(children.map((child) => endBare(child)));
    rmSync(directory, { recursive: true });
  }
}

async function untilRunning(child: ReturnType<typeof spawnBare>, socket: string): Promise<number> {
  const startedAt = performance.now();
  const qmp = await connectMonitor(child, socket);
  try {
    while (!(await qmp.execute("query-status")).running) await delay(5);
    return performance.now() - startedAt;
  } finally {
    qmp.close();
  }
}

function p95(values: readonly number[]): number {
  return quantile(values, 0.95);
}

function row(what: string, milliseconds: readonly number[]): Row {
  const seconds = milliseconds.map((value) => value / 1000);
  return {
    what,
    count: seconds.length,
    "p50 s": rounded(median(seconds), 2),
    "p95 s": rounded(p95(seconds), 2),
    "max s": rounded(Math.max(...seconds), 2),
  };
}
