/**
 * A node of its own for tests: private containerd, API server and kubelet, each on ports and names that no other
 * installation on the machine uses. The kubelet runs as a process, to be killed.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { cacheDir } from "../fixtures/cache.ts";
import { type Pod, type PodSpec, pods } from "../../api/core.ts";
import type { ObjectMeta } from "../../api/meta.ts";
import { buildImages } from "../../images/build-images.ts";
import { exec } from "../../src/base/exec.ts";
import { messageOf } from "../../src/base/errors.ts";
import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import type { ContainerdPaths } from "../../src/cri/containerd/config.ts";
import { startContainerd, stopContainerd } from "../../src/cri/containerd/start.ts";
import { asControllersDo, startApi, writeKubeletConfig } from "./control-plane.ts";
import { removeEverything } from "./leftovers.ts";
import { claimInstance } from "../embedded/claim-instance.ts";
import { patience, patiently } from "../embedded/instance.ts";
import { currentKubectl } from "../fixtures/kubectl.ts";

export interface EnvironmentOptions {
  instance: string;
  apiPort: number;
  kubeletPort: number;
  podCidr: string;
  serviceCidr: string;
}

/** Of instances, for all tests of the kubelet. */
export const kubeletsNumber = 5;
const podTimeoutMs = 60_000 * patience;
const programTimeoutMs = 300_000 * patience;

export interface Environment {
  nodeName: string;
  kubeconfig: string;
  rootDir: string;
  busybox: string;
  /** Its OCI layout. */
  busyboxTar: string;
  containerd: ContainerdPaths;
  client: Client;
  kubectl(...args: string[]): Promise<string>;
  /** Creates a pod on this node; fields that a test does not care about are filled in. */
  run(name: string, spec: Partial<PodSpec>, metadata?: ObjectMeta): Promise<void>;
  /** Waits until the pod is as described, and returns it. */
  podUntil(name: string, what: string, condition: (pod: Pod) => boolean): Promise<Pod>;
  podGone(name: string): Promise<void>;
  ctr(...args: string[]): Promise<string>;
  kubelet(): ChildProcess;
  startKubelet(): Promise<void>;
  /** kill -9 */
  killKubelet(): Promise<void>;
  startContainerd(): Promise<number>;
  /** Ends everything and checks that nothing is left on the machine. */
  stop(): Promise<void>;
}

export const kubectlPath = currentKubectl();

export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { instance } = options;
  claimInstance(kubeletsNumber);
  const dir = mkdtempSync(`/tmp/${instance}-`);
  const containerd = { rootDir: join(dir, "containerd"), stateDir: `/run/${instance}-test` };
  const images = await buildImages({ cacheDir, only: ["pause", "busybox"] });
  const [pause, busybox] = images.map(({ reference }) => reference);
  assert.ok(pause !== undefined && busybox !== undefined);
  const startRuntime = async (): Promise<number> => {
    const started = await startContainerd({
      containerd: { ...containerd, pauseImage: pause },
      cni: { instance, podCidrs: [options.podCidr] },
    });
    return started.pid;
  };
  await startRuntime();
  const ctr = (...args: string[]): Promise<string> =>
    exec(["ctr", "-a", join(containerd.stateDir, "containerd.sock"), "-n", "k8s.io", ...args]);
  for (const { tarPath } of images) {
    await ctr("images", "import", tarPath);
  }
  const server = await startApi(options, dir);
  const rootDir = join(dir, "kubelet");
  mkdirSync(rootDir);
  const nodeName = `${hostname()}-${instance}`.toLowerCase();
  const configFile = await writeKubeletConfig(options, {
    dir,
    rootDir,
    nodeName,
    socket: join(containerd.stateDir, "containerd.sock"),
  });
  const client = createClient(await loadKubeconfig(join(dir, "admin.kubeconfig")));
  await asControllersDo(client, await readFile(join(dir, "pki/ca.crt"), "utf8"));
  const kubectl = (...args: string[]): Promise<string> =>
    exec(
      [
        kubectlPath,
        `--kubeconfig=${join(dir, "admin.kubeconfig")}`,
        `--cache-dir=${join(dir, "kubectl")}`,
        ...patiently(args),
      ],
      { timeoutMs: programTimeoutMs },
    );
  let process_: ChildProcess | undefined;
  const environment: Environment = {
    nodeName,
    kubeconfig: join(dir, "admin.kubeconfig"),
    rootDir,
    busybox,
    busyboxTar: images[1]?.tarPath ?? "",
    containerd,
    kubectl,
    ctr,
    client,
    async run(name, spec, metadata) {
      const containers = spec.containers ?? [{ name: "main", image: busybox, command: ["sleep", "1000"] }];
      const named = { metadata: { name, namespace: "default", ...metadata } };
      const podSpec: PodSpec = { nodeName, terminationGracePeriodSeconds: 1, ...spec, containers };
      await client.create(pods, { apiVersion: "v1", kind: "Pod", ...named, spec: podSpec });
    },
    async podUntil(name, what, condition) {
      const key = { namespace: "default", name };
      try {
        const options = { timeoutMs: podTimeoutMs };
        const pod = await waitFor(client, pods, key, (found) => found !== undefined && condition(found), options);
        assert.ok(pod);
        return pod;
      } catch (error) {
        const pod = await client.get(pods, key).catch(() => undefined);
        const message = `${name} is not ${what}: ${messageOf(error)}\n${JSON.stringify(pod?.status, null, 1)}`;
        throw new Error(message, { cause: error });
      }
    },
    async podGone(name) {
      const options = { timeoutMs: podTimeoutMs };
      await waitFor(client, pods, { namespace: "default", name }, (pod) => pod === undefined, options);
    },
    kubelet: () => process_ as ChildProcess,
    async startKubelet() {
      const entry = join(import.meta.dirname, "kubelet-process.ts");
      process_ = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, configFile], {
        stdio: ["ignore", "inherit", "inherit"],
      });
      // kubectl wait fails at once on an object that does not exist yet
      await kubectl("wait", "--for=create", `node/${nodeName}`, "--timeout=60s");
      await kubectl("wait", "--for=condition=Ready", `node/${nodeName}`, "--timeout=60s");
    },
    async killKubelet() {
      const child = process_;
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
    startContainerd: startRuntime,
    async stop() {
      client.close();
      await environment.killKubelet();
      await server.close();
      await startRuntime();
      await removeEverything({ instance, containerd, rootDir });
      await stopContainerd(containerd);
      rmSync(dir, { recursive: true, force: true });
      rmSync(containerd.stateDir, { recursive: true, force: true });
    },
  };
  return environment;
}
