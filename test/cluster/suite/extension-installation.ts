/**
 * An installation of vmpod in a test cluster without its pods: the objects that `vmpod install` makes, and the extension as a
 * process of the host that the extension's Service leads to. It acts with the rights of its service account, and so does the
 * certificate controller; Secrets come late to it, as by a kubelet.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { apiServices } from "../../../api/apiregistration.ts";
import { endpoints, secrets, services } from "../../../api/core.ts";
import {
  certificateSecrets,
  defaultNamespace,
  extensionApiServices,
  extensionService,
  serviceAccounts,
} from "../../../src/base/cluster-names.ts";
import { isStatus } from "../../../src/base/errors.ts";
import { createLogger } from "../../../src/base/log.ts";
import type { Client } from "../../../src/client/client.ts";
import { createClient } from "../../../src/client/create-client.ts";
import { createInformer } from "../../../src/client/create-informer.ts";
import { loadKubeconfig } from "../../../src/client/kubeconfig.ts";
import { waitFor } from "../../../src/client/wait-for.ts";
import { startCertificateController } from "../../../src/controllers/certificates/controller.ts";
import { applyObject } from "../../../src/install/cluster/apply.ts";
import { untilEstablished } from "../../../src/install/cluster/established.ts";
import { portableFeatures } from "../../../src/install/features.ts";
import { renderInstallation, type Stage } from "../../../src/install/render/installation.ts";
import { defaultSettings } from "../../../src/install/settings.ts";
import { writeKubeconfig } from "../../../src/pki/kubeconfig.ts";
import { eventually } from "../../embedded/instance.ts";
import { spawnExtension } from "../../extension/extension-process.ts";
import { mountSecret } from "../../extension/mount-secret.ts";
import type { Cluster } from "../cluster.ts";
import { planCluster } from "../plan.ts";

export interface ExtensionInstallation {
  port: number;
  /** The host, as the cluster's nodes and its API server see it. */
  address: string;
  start(): Promise<void>;
  /** Ends the process; the objects stay. */
  end(): Promise<void>;
  remove(): Promise<void>;
}

/** Behind those of test instances. */
const port = 31_443;
const timeoutMs = 180_000;
/** What a kubelet takes in minutes. */
const mountLagMs = 1_000;
/** The mounts' delay, and that of the process which reads them. */
const propagationMs = 12_000;

export async function installExtension(cluster: Cluster, admin: Client): Promise<ExtensionInstallation> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-cluster-extension-"));
  const stopping = new AbortController();
  const address = planCluster(cluster.number).hostIp;
  await applyStages(admin, ["foundation", "definitions", "rights", "admission"]);
  await createService(admin, address);
  const kubeconfig = await identityOf(cluster, admin, directory, serviceAccounts.extension);
  const controller = createClient(
    await loadKubeconfig(await identityOf(cluster, admin, directory, serviceAccounts.controller)),
  );
  const certificates = startCertificateController({
    client: controller,
    namespace: defaultNamespace,
    lifetimes: { propagationMs },
    log: createLogger("certificates"),
    signal: stopping.signal,
  });
  await followMounts(admin, directory, stopping.signal);
  let child: ChildProcess | undefined;
  const end = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return {
    port,
    address,
    async start() {
      child = spawnExtension(directory, kubeconfig, ["--port", `${port}`]);
      await applyStages(admin, ["api"]);
      for (const name of extensionApiServices) await untilAvailable(admin, name);
      await untilAnswered(admin);
    },
    end,
    async remove() {
      await end();
      stopping.abort();
      await certificates;
      controller.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function applyStages(admin: Client, stages: readonly Stage[]): Promise<void> {
  const installation = renderInstallation(defaultSettings, portableFeatures);
  for (const stage of stages) {
    const objects = installation[stage].filter(({ kind, metadata }) => !isLeftOut(kind, metadata?.name));
    for (const object of objects) await applyObject(admin, object);
    if (stage === "definitions") await untilEstablished(admin, objects, { timeoutMs, onWait: () => undefined });
  }
}

const neededKinds = ["virtualmachines", "virtualmachineinstances", "kubevirts"].map(
  (plural) => `${plural}.kubevirt.io`,
);

/** For each kind Kubernetes 1.20 makes its OpenAPI document anew, and until that is done no APIService is acted upon. */
function isLeftOut(kind: string | undefined, name = ""): boolean {
  return kind === "Service" || (kind === "CustomResourceDefinition" && !neededKinds.includes(name));
}

/** Without a selector: its one endpoint is a process of the host. */
async function createService(admin: Client, address: string): Promise<void> {
  const metadata = { name: extensionService, namespace: defaultNamespace };
  const ports = [{ name: "https", protocol: "TCP" as const, port: 443, targetPort: port }];
  const subset = { addresses: [{ ip: address }], ports: [{ name: "https", protocol: "TCP" as const, port }] };
  await admin.create(services, { metadata, spec: { ports } });
  await admin.create(endpoints, { metadata, subsets: [subset] });
}

/** A kubeconfig with a token of the service account. */
async function identityOf(cluster: Cluster, admin: Client, directory: string, account: string): Promise<string> {
  const path = join(directory, `${account}.kubeconfig`);
  const { status } = await admin.request<{ status: { token: string } }>(
    "POST",
    `/api/v1/namespaces/${defaultNamespace}/serviceaccounts/${account}/token`,
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  );
  const { certificateAuthority = "" } = await loadKubeconfig(cluster.kubeconfig);
  await writeKubeconfig(path, {
    name: account,
    server: cluster.server,
    certificateAuthorityPem: certificateAuthority,
    token: status.token,
  });
  return path;
}

/** Mounts the extension's Secrets once they are there, and again after each change. */
async function followMounts(admin: Client, directory: string, signal: AbortSignal): Promise<void> {
  const names: string[] = [certificateSecrets.extensionServer, certificateSecrets.nodeApiClient];
  for (const name of names) {
    const key = { namespace: defaultNamespace, name };
    await waitFor(admin, secrets, key, (secret) => secret !== undefined, { timeoutMs });
    await mountSecret(admin, directory, name);
  }
  const informer = createInformer(admin, secrets, { namespace: defaultNamespace });
  informer.onChange(({ type, object }) => {
    const { name = "" } = object.metadata ?? {};
    if (type !== "deleted" && names.includes(name)) void mountLate(name);
  });
  informer.start(signal);

  async function mountLate(name: string): Promise<void> {
    await delay(mountLagMs);
    try {
      if (!signal.aborted) await mountSecret(admin, directory, name);
    } catch (error) {
      // Gone again: what is mounted stays.
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

/** The aggregator acts on what it says of an APIService only some time later. */
async function untilAnswered(admin: Client): Promise<void> {
  for (const name of extensionApiServices) {
    const path = `/apis/subresources.kubevirt.io/${name.split(".")[0]}/version`;
    const answers = () => admin.request<object>("GET", path).catch(unlessAway);
    await eventually(`${path} is answered`, timeoutMs, answers);
  }
}

function unlessAway(error: unknown): undefined {
  if (!isStatus(error, "NotFound", "ServiceUnavailable")) throw error;
}

async function untilAvailable(admin: Client, name: string): Promise<void> {
  const isAvailable = (
    service: { status?: { conditions?: readonly { type: string; status: string }[] } } | undefined,
  ) => service?.status?.conditions?.some(({ type, status }) => type === "Available" && status === "True") ?? false;
  await waitFor(admin, apiServices, { name }, isAvailable, { timeoutMs });
}
