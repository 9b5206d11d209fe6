/**
 * A node of its own for tests: private containerd, API server and kubelet, each on ports and names that no other
 * installation on the machine uses. The kubelet runs as a process, to be killed.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { configMaps, type Pod, type PodSpec, pods, serviceAccounts } from "../../api/core.ts";
import type { ObjectMeta } from "../../api/meta.ts";
import { buildImages } from "../../images/build-images.ts";
import { type Apiserver, runApiserver } from "../../src/apiserver/server.ts";
import { exec } from "../../src/base/exec.ts";
import { isStatus, messageOf } from "../../src/base/errors.ts";
import { createLogger } from "../../src/base/log.ts";
import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import type { ContainerdPaths } from "../../src/cri/containerd/config.ts";
import { startContainerd, stopContainerd } from "../../src/cri/containerd/start.ts";
import { ensureCa } from "../../src/pki/authority.ts";
import { issueCertificate, type KeyPair } from "../../src/pki/certificate.ts";
import { writeKubeconfig } from "../../src/pki/kubeconfig.ts";
import { ensureServiceAccountKey } from "../../src/pki/service-account.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { KubeletProcessConfig } from "./kubelet-process.ts";
import { removeEverything } from "./leftovers.ts";

export interface EnvironmentOptions {
  instance: string;
  apiPort: number;
  kubeletPort: number;
  podCidr: string;
  serviceCidr: string;
}

const podTimeoutMs = 60_000;

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

export const kubectlPath = process.env["KUBECTL"] ?? findKubectl();

function findKubectl(): string {
  return ["/usr/lib/google-cloud-sdk/bin/kubectl.1.32"].find(existsSync) ?? "kubectl";
}

export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { instance } = options;
  const dir = mkdtempSync(`/tmp/${instance}-`);
  const containerd = { rootDir: join(dir, "containerd"), stateDir: `/run/${instance}-test` };
  const cacheDir = process.env["VMPOD_CACHE"] ?? join(homedir(), ".cache/vmpod");
  const images = await buildImages({ cacheDir, only: ["pause", "busybox"] });
  const [pause, busybox] = images.map(({ reference }) => reference);
  assert.ok(pause !== undefined && busybox !== undefined);
  const startRuntime = async (): Promise<number> => {
    const started = await startContainerd({
      containerd: { ...containerd, pauseImage: pause },
      cni: { instance, podCidr: options.podCidr },
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
    exec([
      kubectlPath,
      `--kubeconfig=${join(dir, "admin.kubeconfig")}`,
      `--cache-dir=${join(dir, "kubectl")}`,
      ...args,
    ]);
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
      await kubectl("wait", "--for=condition=Ready", `node/${nodeName}`, "--timeout=30s").catch(async () => {
        // kubectl wait fails at once on an object that does not exist yet
        await kubectl("wait", "--for=create", `node/${nodeName}`, "--timeout=30s");
        await kubectl("wait", "--for=condition=Ready", `node/${nodeName}`, "--timeout=30s");
      });
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

async function startApi(options: EnvironmentOptions, dir: string): Promise<Apiserver> {
  const pki = join(dir, "pki");
  const authority = await ensureCa(pki);
  const ipAddresses = ["127.0.0.1"];
  const serving = await issueCertificate(authority, {
    commonName: "kube-apiserver",
    ipAddresses,
    dnsNames: ["localhost"],
    usages: ["server"],
  });
  const toKubelet = await issueCertificate(authority, {
    commonName: "kube-apiserver-kubelet-client",
    organizations: ["vmpod:kubelet-api"],
    usages: ["client"],
  });
  const server = await runApiserver({
    store: createMemoryStore(),
    bindAddress: "127.0.0.1",
    port: options.apiPort,
    advertiseAddress: "127.0.0.1",
    certificatePem: serving.certificatePem,
    keyPem: serving.keyPem,
    clientCaPem: authority.certificatePem,
    serviceAccountKey: await ensureServiceAccountKey(pki),
    serviceCidr: options.serviceCidr,
    kubelet: { ...toKubelet, caPem: authority.certificatePem },
    log: createLogger("apiserver"),
  });
  const admin = await issueCertificate(authority, {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    usages: ["client"],
  });
  await writeConfig(join(dir, "admin.kubeconfig"), options.apiPort, authority.certificatePem, admin);
  return server;
}

/** What pods of a namespace rely on and controllers make, which do not run here. */
async function asControllersDo(client: Client, certificateAuthority: string): Promise<void> {
  const namespace = "default";
  await client.create(configMaps, {
    metadata: { name: "kube-root-ca.crt", namespace },
    data: { "ca.crt": certificateAuthority },
  });
  await client.create(serviceAccounts, { metadata: { name: "default", namespace } }).catch((error: unknown) => {
    assert.ok(isStatus(error, "AlreadyExists"));
  });
}

async function writeConfig(path: string, port: number, ca: string, pair: KeyPair): Promise<void> {
  await writeKubeconfig(path, {
    name: "test",
    server: `https://127.0.0.1:${port}`,
    certificateAuthorityPem: ca,
    clientCertificatePem: pair.certificatePem,
    clientKeyPem: pair.keyPem,
  });
}

interface NodePlace {
  dir: string;
  rootDir: string;
  nodeName: string;
  socket: string;
}

async function writeKubeletConfig(options: EnvironmentOptions, place: NodePlace): Promise<string> {
  const authority = await ensureCa(join(place.dir, "pki"));
  const serving = await issueCertificate(authority, {
    commonName: place.nodeName,
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
  });
  const client = await issueCertificate(authority, {
    commonName: `system:node:${place.nodeName}`,
    organizations: ["system:nodes"],
    usages: ["client"],
  });
  const kubeconfig = join(place.dir, "node.kubeconfig");
  await writeConfig(kubeconfig, options.apiPort, authority.certificatePem, client);
  const config: KubeletProcessConfig = {
    kubeconfig,
    nodeName: place.nodeName,
    instance: options.instance,
    criSocket: place.socket,
    rootDir: place.rootDir,
    port: options.kubeletPort,
    tls: { certificate: serving.certificatePem, key: serving.keyPem, clientCa: authority.certificatePem },
    clusterDns: [],
    clusterDomain: "cluster.local",
    nodeIp: "127.0.0.1",
    podCidr: options.podCidr,
    devices: [{ name: "devices.kubevirt.io/tun", capacity: 100, paths: ["/dev/net/tun"] }],
  };
  const file = join(place.dir, "kubelet.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}
