/**
 * vmpod's API server with the VM extension in it, and vmpod's controller, as processes of their own with the flags and identities that
 * they have for real; no node, no containerd. The controller comes in both of its wirings:
 *
 *   cluster    `vmpod cluster-controller` as in its pod: a token and the rights of `vmpod install`. Its own mount namespace has the
 *              files that a kubelet gives to a pod where a pod finds them.
 *   embedded   `vmpod controller`, with the scheduler and the other workload controllers beside it
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "../../api/admissionregistration.ts";
import { type CustomResourceDefinition, customResourceDefinitions } from "../../api/apiextensions.ts";
import { apiServices } from "../../api/apiregistration.ts";
import type { Resource } from "../../api/meta.ts";
import type { ClusterRoleBinding } from "../../api/rbac.ts";
import { defaultNamespace, serviceAccounts } from "../../src/base/cluster-names.ts";
import { defaultInstance, type Instance, pathsOf } from "../../src/base/instance.ts";
import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { credentialFiles, ensureCredentials } from "../../src/embedded/credentials.ts";
import { applyDefinitions } from "../../src/embedded/definitions.ts";
import { writeState } from "../../src/embedded/state-file.ts";
import { applyObject } from "../../src/install/cluster/apply.ts";
import { portableFeatures } from "../../src/install/features.ts";
import { renderInstallation } from "../../src/install/render/installation.ts";
import { defaultSettings } from "../../src/install/settings.ts";
import { untilReady } from "../../test/client/apiserver-process.ts";
import { freePort } from "../../test/fixtures/free-port.ts";

export const wirings = ["cluster", "embedded"] as const;
export type Wiring = (typeof wirings)[number];

export interface ControlPlane {
  /** A client of its own, as admin. */
  connect(): Promise<Client>;
  startController(): Promise<ControllerProcess>;
  /** Ends the API server and removes its data. */
  remove(): Promise<void>;
}

export interface ControllerProcess {
  pid: number;
  /** Where its inspector listens once SIGUSR1 has opened it. */
  inspectorPort: number;
  stop(): Promise<void>;
}

const root = resolve(import.meta.dirname, "../..");
/** As bin/vmpod and the image have them. */
const nodeFlags = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=4"];
const main = join(root, "src/cmd/main.ts");
const launcher = "localhost/vmpod/launcher:bench";
const tokenSeconds = 24 * 3600;
const startTimeoutMs = 60_000;

export async function startControlPlane(wiring: Wiring): Promise<ControlPlane> {
  const instance = await planInstance();
  const kubeconfig = pathsOf(instance).kubeconfig("admin");
  await ensureCredentials(instance);
  await writeState({ instance, images: { pause: "localhost/vmpod/pause:bench", launcher } });
  const apiserver = run(wiring === "cluster" ? clusterApiserver(instance) : embeddedApiserver(instance));
  await untilReady(kubeconfig, apiserver, startTimeoutMs);
  const connect = async () => createClient(await loadKubeconfig(kubeconfig));
  const client = await connect();
  await applyDefinitions(client, instance);
  if (wiring === "cluster") await prepareCluster(client, instance);
  client.close();
  return {
    connect,
    startController: () => startController(instance, wiring),
    async remove() {
      await end(apiserver);
      await rm(instance.dataDir, { recursive: true });
    },
  };
}

async function planInstance(): Promise<Instance> {
  const dataDir = await mkdtemp(join(tmpdir(), "vmpod-bench-controllers-"));
  const runDir = join(dataDir, "run");
  return {
    ...defaultInstance,
    name: "vmbench",
    dataDir,
    runDir,
    bindAddress: "127.0.0.1",
    apiPort: await freePort(),
    nodeName: "bench-node",
  };
}

function clusterApiserver(instance: Instance): string[] {
  const flags = {
    "--data-dir": instance.dataDir,
    "--port": String(instance.apiPort),
    "--kubeconfig": pathsOf(instance).kubeconfig("extension"),
  };
  return [join(root, "bench/lib/cluster-apiserver.ts"), ...Object.entries(flags).flat()];
}

function embeddedApiserver(instance: Instance): string[] {
  const flags = {
    "--data-dir": instance.dataDir,
    "--instance": instance.name,
    "--bind-address": instance.bindAddress,
    "--port": String(instance.apiPort),
    "--advertise-address": "127.0.0.1",
    "--service-cidr": instance.serviceCidr,
    "--extension-kubeconfig": pathsOf(instance).kubeconfig("extension"),
  };
  return [main, "apiserver", ...Object.entries(flags).flat()];
}

/** What `vmpod install` makes, as far as the controller needs it: namespace and rights; and what a kubelet gives to its pod. */
async function prepareCluster(client: Client, instance: Instance): Promise<void> {
  for (const resource of clusterKinds) await client.create(customResourceDefinitions, definitionOf(resource));
  const { foundation, rights } = renderInstallation(defaultSettings, portableFeatures);
  for (const object of [...foundation, ...rights, namedObjects]) await applyObject(client, object);
  const path = `/api/v1/namespaces/${defaultNamespace}/serviceaccounts/${serviceAccounts.controller}/token`;
  const spec = { expirationSeconds: tokenSeconds };
  const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
  const { status } = await client.request<{ status: { token: string } }>("POST", path, asked);
  const directory = accountDirectory(instance);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "token"), status.token);
  await writeFile(join(directory, "namespace"), defaultNamespace);
  await copyFile(credentialFiles(instance).ca, join(directory, "ca.crt"));
}

/** The rights of `vmpod install` name single objects; kube-apiserver lets one list those by a field selector, the embedded one does not. */
const namedObjects: ClusterRoleBinding = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "vmpod-bench" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ kind: "ServiceAccount", name: serviceAccounts.controller, namespace: defaultNamespace }],
};

/** What a cluster serves and the embedded API server does not: the controller looks there for whom to tell its authority. */
const clusterKinds: readonly Resource[] = [mutatingWebhookConfigurations, validatingWebhookConfigurations, apiServices];

function definitionOf({ group, version, plural, kind }: Resource): CustomResourceDefinition {
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    metadata: {
      name: `${plural}.${group}`,
      annotations: { "api-approved.kubernetes.io": "unapproved, for a measurement" },
    },
    spec: {
      group,
      scope: "Cluster",
      names: { plural, kind, listKind: `${kind}List`, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

async function startController(instance: Instance, wiring: Wiring): Promise<ControllerProcess> {
  const inspectorPort = await freePort();
  const flags = [`--inspect-port=127.0.0.1:${inspectorPort}`];
  const child = wiring === "cluster" ? runInPod(instance, flags) : runEmbedded(instance, flags);
  return { pid: child.pid ?? 0, inspectorPort, stop: () => end(child) };
}

function runEmbedded(instance: Instance, flags: readonly string[]): ChildProcess {
  return run([...flags, main, "controller", "--instance-file", pathsOf(instance).instanceFile]);
}

/** In a mount namespace of its own: each program replaces the one before, so the process that is started is the controller. */
function runInPod(instance: Instance, flags: readonly string[]): ChildProcess {
  const account = "/run/secrets/kubernetes.io/serviceaccount";
  const script = `cp -r "$1" /run/account && mkdir -p ${account} && mv /run/account/* ${account} && shift && exec "$@"`;
  const environment = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: `${instance.apiPort}` };
  const inNamespace = ["unshare", "--mount", "--propagation", "private", "sh", "-c"];
  const prepare = [`mount -t tmpfs none /run && ${script}`, "sh", accountDirectory(instance)];
  const controller = [main, "cluster-controller", "--launcher-image", launcher];
  return spawnProgram(
    [...inNamespace, ...prepare, process.execPath, ...nodeFlags, ...flags, ...controller],
    environment,
  );
}

const accountDirectory = (instance: Instance): string => join(instance.dataDir, "serviceaccount");

function run(args: readonly string[]): ChildProcess {
  return spawnProgram([process.execPath, ...nodeFlags, ...args], {});
}

function spawnProgram([program = "", ...args]: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  return spawn(program, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, VMPOD_LOG: "warn", ...environment },
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
