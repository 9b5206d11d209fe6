/**
 * A real two-node Kubernetes for tests, from Debian's packages alone: API server, scheduler, controllers, kubelets and
 * kube-proxies of 1.20 (built once and cached), etcd, containerd. See plan.ts for its shape.
 *
 *   const cluster = await startCluster();
 *   await cluster.kubectl("apply", "-f", "examples/demo.yaml");
 *   await cluster.stop();             // also checks that nothing is left
 */
import { mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { cacheDir } from "../fixtures/cache.ts";
import { nodes as nodeKind, serviceAccounts } from "../../api/core.ts";
import { buildImages } from "../../images/build-images.ts";
import { exec, type ExecOptions } from "../../src/base/exec.ts";
import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { waitFor, watchUntil } from "../../src/client/wait-for.ts";
import { patience } from "../embedded/instance.ts";
import { currentKubectl } from "../fixtures/kubectl.ts";
import { type Claim, claim, holderOf, tryClaim } from "./claim.ts";
import {
  bootControlPlane,
  type ControlPlaneOptions,
  startApiserver,
  startControllers,
  startEtcd,
} from "./control-plane.ts";
import { startDns } from "./dns.ts";
import { provideBinaries } from "./kubernetes/binaries.ts";
import { assertNothingLeft } from "./leftovers.ts";
import { execIn } from "./machine.ts";
import { bootNode, importImage, startNodeAgents } from "./node.ts";
import { type ClusterNode, openNode } from "./cluster-node.ts";
import { makePki } from "./pki.ts";
import { type ClusterPlan, highestNumber, kubeconfigOf, logDir, planCluster } from "./plan.ts";
import { type Progress, stepper } from "./progress.ts";
import { removeCluster } from "./remove.ts";
import { type ClusterState, readState, writeState } from "./state.ts";

export interface StartOptions {
  /** 1 to 9; default: the first that nobody uses, from 2 on (1 is `npm run cluster:up`'s). */
  number?: number;
  /** Default 2. */
  nodeCount?: number;
  /** How long a silent node counts as ready (default 20). */
  nodeMonitorGraceSeconds?: number;
  /** How long pods stay on a node that is not ready (default 300, as Kubernetes). */
  evictionSeconds?: number;
  /** Nodes whose kubelet gives containers processors of their own (CPU manager policy `static`); default none. */
  staticNodes?: readonly string[];
  onProgress?: (progress: Progress) => void;
}

export interface Cluster {
  number: number;
  /** Of the admin. */
  kubeconfig: string;
  /** Address of the API server. */
  server: string;
  /** Logs of all components. */
  logDir: string;
  nodes: ClusterNode[];
  /** The current kubectl, or the one at `kubectlPath`; its standard output. @throws CommandError */
  kubectl(...args: string[]): Promise<string>;
  kubectlWith(options: ExecOptions & { kubectlPath?: string }, ...args: string[]): Promise<string>;
  /** A client of its own as admin; the caller closes it. */
  connect(): Promise<Client>;
  /** Runs a program where the API server runs: in its network, with its names. @throws CommandError */
  controlPlaneExec(argv: readonly string[], options?: ExecOptions): Promise<string>;
  /** Imports an image into all nodes. */
  importImage(tarPath: string): Promise<void>;
  /** Removes all of it and checks that nothing is left. */
  stop(): Promise<void>;
}

const readyTimeoutMs = 180_000 * patience;

/** Starts a cluster that lives as long as this process, and is removed by the next start with its number when it is killed. */
export async function startCluster(options: StartOptions = {}): Promise<Cluster> {
  const { plan, claimed } = await claimCluster(options);
  try {
    const cluster = openState(plan, await bringUp(plan, options, false));
    return {
      ...cluster,
      async stop() {
        await cluster.stop();
        await claimed.release();
      },
    };
  } catch (error) {
    await removeCluster(plan);
    await claimed.release();
    throw error;
  }
}

/** Starts a cluster that stays after this process, or finds it running. */
export async function keepCluster(number: number, options: StartOptions = {}): Promise<Cluster & { wasUp: boolean }> {
  const plan = planCluster(number, options.nodeCount);
  const claimed = await claim(plan, (holder) => options.onProgress?.({ step: `waiting for ${holder}`, state: "note" }));
  try {
    const running = await readState(plan);
    if (running?.isKept) return { ...openState(planCluster(number, running.nodeCount), running), wasUp: true };
    await removeCluster(plan);
    return { ...openState(plan, await bringUp(plan, options, true)), wasUp: false };
  } finally {
    await claimed.release();
  }
}

/** One that is up already, e.g. by `npm run cluster:up`; undefined when it is not. */
export async function findCluster(number: number): Promise<Cluster | undefined> {
  const state = await readState(planCluster(number));
  return state && openState(planCluster(number, state.nodeCount), state);
}

/** Whatever is there of it, also when it never was up. */
export async function dropCluster(number: number, onWait: (holder: string) => void): Promise<void> {
  const plan = planCluster(number);
  const claimed = await claim(plan, onWait);
  try {
    await removeCluster(plan);
    await assertNothingLeft(plan);
  } finally {
    await claimed.release();
  }
}

async function claimCluster(options: StartOptions): Promise<{ plan: ClusterPlan; claimed: Claim }> {
  const { number, nodeCount, onProgress } = options;
  const numbers = number === undefined ? Array.from({ length: highestNumber - 1 }, (_, index) => index + 2) : [number];
  for (let isFirst = true; ; isFirst = false) {
    for (const each of numbers) {
      const plan = planCluster(each, nodeCount);
      const claimed = await tryClaim(plan);
      if (!claimed) continue;
      if (!(await readState(plan))?.isKept) {
        await removeCluster(plan);
        return { plan, claimed };
      }
      await claimed.release();
    }
    const [first = 1] = numbers;
    if (isFirst)
      onProgress?.({ step: `waiting for a free cluster: ${await holderOf(planCluster(first))}`, state: "note" });
    await delay(500);
  }
}

async function bringUp(plan: ClusterPlan, options: StartOptions, isKept: boolean): Promise<ClusterState> {
  const step = stepper(options.onProgress ?? (() => undefined));
  await mkdir(logDir(plan), { recursive: true });
  const say = (text: string) => options.onProgress?.({ step: text, state: "note" });
  const { binDir } = await step("Kubernetes' programs", () => provideBinaries({ cacheDir, say }));
  const images = await step("pause and busybox images", () => buildImages({ cacheDir, only: ["pause", "busybox"] }));
  const pauseImage = images[0]?.reference ?? "";
  const { nodeMonitorGraceSeconds = 20, evictionSeconds = 300, staticNodes = [] } = options;
  const components: ControlPlaneOptions = { plan, binDir, nodeMonitorGraceSeconds, evictionSeconds };
  await step("certificates", () => makePki(plan));
  const controlPlane = await step("control plane's namespaces and network", () => bootControlPlane(plan));
  startEtcd(controlPlane, components);
  const apiserver = step("API server ready", () => startApiserver(controlPlane, components));
  const booting = plan.nodes.map((node) =>
    step(`containerd and images on ${node.name}`, async () => {
      const machine = await bootNode({ plan, node, binDir, controlPlane, pauseImage, staticNodes });
      for (const { tarPath } of images) await importImage(node, tarPath);
      return machine;
    }),
  );
  // All have ended when one fails: what went on in the background would make anew what the caller removes.
  await Promise.allSettled([apiserver, ...booting]);
  await apiserver;
  const nodes = await Promise.all(booting);
  const state: ClusterState = { nodeCount: nodes.length, isKept, binDir, pauseImage, staticNodes, controlPlane, nodes };
  await step("nodes and workloads ready", () => startAgents(plan, state, components));
  await writeState(plan, state);
  return state;
}

async function startAgents(plan: ClusterPlan, state: ClusterState, components: ControlPlaneOptions): Promise<void> {
  const { controlPlane } = state;
  startControllers(controlPlane, components);
  for (const [index, machine] of state.nodes.entries()) {
    const node = plan.nodes[index];
    if (node) startNodeAgents(machine, { plan, node, ...state });
  }
  const client = createClient(await loadKubeconfig(kubeconfigOf(plan, "admin")));
  try {
    await startDns(controlPlane, plan, client);
    await untilUsable(client, state.nodeCount);
  } finally {
    client.close();
  }
}

/** Nodes are Ready, and pods can be created: they need the ServiceAccount that the controllers make. */
async function untilUsable(client: Client, nodeCount: number): Promise<void> {
  await watchUntil(client, nodeKind, { timeoutMs: readyTimeoutMs }, (found) => {
    const ready = found.filter(({ status }) =>
      status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True"),
    );
    return ready.length >= nodeCount || undefined;
  });
  const key = { namespace: "default", name: "default" };
  await waitFor(client, serviceAccounts, key, (found) => found !== undefined, { timeoutMs: readyTimeoutMs });
}

function openState(plan: ClusterPlan, state: ClusterState): Cluster {
  const kubeconfig = kubeconfigOf(plan, "admin");
  const nodes = plan.nodes.map((_, index) => openNode(plan, state, index));
  const kubectlWith: Cluster["kubectlWith"] = async ({ kubectlPath, ...options }, ...args) => {
    const argv = [
      kubectlPath ?? currentKubectl(),
      `--kubeconfig=${kubeconfig}`,
      `--cache-dir=${plan.dir}/kubectl-cache`,
    ];
    return await exec([...argv, ...args], { env: withoutProxies(), ...options });
  };
  return {
    number: plan.number,
    kubeconfig,
    server: plan.server,
    logDir: logDir(plan),
    nodes,
    kubectlWith,
    kubectl: async (...args) => await kubectlWith({}, ...args),
    connect: async () => createClient(await loadKubeconfig(kubeconfig)),
    controlPlaneExec: async (argv, options) => await execIn(state.controlPlane, argv, options),
    importImage: async (tarPath) => {
      for (const node of nodes) await node.importImage(tarPath);
    },
    async stop() {
      await removeCluster(plan);
      await assertNothingLeft(plan);
    },
  };
}

/** The API server is on this machine. */
function withoutProxies(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
}
