/** The API servers that are measured, each as it is run for real: TLS, certificates, RBAC, data on disk, one fsync per commit. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApiserverProcess, untilReady } from "../../test/client/apiserver-process.ts";
import { freePort } from "../../test/fixtures/free-port.ts";
import { apiserverFlags, etcdFlags } from "../../test/cluster/control-plane.ts";
import { makePki } from "../../test/cluster/pki.ts";
import { type ClusterPlan, kubeconfigOf, logDir, planCluster } from "../../test/cluster/plan.ts";

export interface Contender {
  kubeconfig: string;
  /** All processes that it consists of. */
  pids(): number[];
  /** kill -9, then a start on the data that is there. @returns how long the start took until it answered */
  restart(): Promise<number>;
  remove(): Promise<void>;
}

export async function startEmbedded(): Promise<Contender> {
  const server = await startApiserverProcess();
  return {
    kubeconfig: server.kubeconfig,
    pids: () => [server.pid ?? 0],
    async restart() {
      await server.kill();
      return await timed(() => server.start());
    },
    remove: () => server.remove(),
  };
}

const startTimeoutMs = 120_000;

/** kube-apiserver over one etcd, both on loopback. */
export async function startUpstream(binDir: string): Promise<Contender> {
  const plan = await planAlone();
  const kubeconfig = kubeconfigOf(plan, "admin");
  let children: ChildProcess[] = [];
  await mkdir(logDir(plan), { recursive: true });
  await makePki(plan);

  async function start(): Promise<void> {
    const flags = [...apiserverFlags({ plan, evictionSeconds: 300 }), "--endpoint-reconciler-type=none"];
    const etcd = run(plan, join(binDir, "etcd"), etcdFlags(plan));
    const apiserver = run(plan, join(binDir, "kube-apiserver"), flags);
    children = [etcd, apiserver];
    await untilReady(kubeconfig, apiserver, startTimeoutMs);
  }

  async function kill(): Promise<void> {
    await Promise.all(children.map(killNow));
  }

  await start();
  return {
    kubeconfig,
    pids: () => children.map(({ pid }) => pid ?? 0),
    async restart() {
      await kill();
      return await timed(start);
    },
    async remove() {
      await kill();
      await rm(plan.dir, { recursive: true });
    },
  };
}

/** A test cluster's plan, but on loopback and without nodes. */
async function planAlone(): Promise<ClusterPlan> {
  const [dir, apiPort] = [await mkdtemp(join(tmpdir(), "vmpod-bench-api-")), await freePort()];
  const server = `https://127.0.0.1:${apiPort}`;
  return { ...planCluster(1, 0), dir, server, controlPlaneIp: "127.0.0.1", apiPort, etcdPort: await freePort() };
}

function run(plan: ClusterPlan, program: string, flags: string[]): ChildProcess {
  const log = openSync(join(logDir(plan), "all.log"), "a");
  const child = spawn(program, flags, { stdio: ["ignore", log, log] });
  closeSync(log);
  return child;
}

async function killNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function timed(action: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}
