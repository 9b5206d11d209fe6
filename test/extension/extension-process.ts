/**
 * `vmpod cluster-api-extension` as a process of its own beside the real API server, which here neither calls webhooks nor
 * forwards requests: the tests do that, as a cluster's front proxy and its webhooks would. Certificates are those of the
 * certificate controller.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { customResourceDefinitions as crds } from "../../api/apiextensions.ts";
import { configMaps, namespaces, secrets, serviceAccounts } from "../../api/core.ts";
import { customResourceDefinitions } from "../../api/kubevirt/crds.ts";
import { clusterRoleBindings, clusterRoles } from "../../api/rbac.ts";
import { type Apiserver, runApiserver } from "../../src/apiserver/server.ts";
import { certificateSecrets, defaultNamespace } from "../../src/base/cluster-names.ts";
import { createLogger } from "../../src/base/log.ts";
import type { Client } from "../../src/client/client.ts";
import { waitFor } from "../../src/client/wait-for.ts";
import { startCertificateController } from "../../src/controllers/certificates/controller.ts";
import { type Authority, ensureCa } from "../../src/pki/authority.ts";
import { issueCertificate, type KeyPair } from "../../src/pki/certificate.ts";
import { ensureServiceAccountKey } from "../../src/pki/service-account.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { patience } from "../embedded/instance.ts";
import { freePort } from "../fixtures/free-port.ts";
import { mountSecret, readSecret } from "./mount-secret.ts";
import { identity } from "../fixtures/identity.ts";

export interface ExtensionProcess {
  /** As administrator. */
  client: Client;
  port: number;
  child: ChildProcess;
  directory: string;
  /** Whom the extension's certificate is by. */
  caPem: string;
  /** By the cluster's authority of users. */
  user(commonName: string, organizations?: string[]): Promise<KeyPair>;
  /** By the authority of front proxies. */
  proxy(commonName: string): Promise<KeyPair>;
  /** Of another authority of front proxies, which takes the place of the first. */
  replaceProxies(commonName: string): Promise<KeyPair>;
  /** By vmpod's own. */
  agent: KeyPair & { caPem: string };
  /** Mounts what is in the Secret now. */
  mount(secretName: string): Promise<void>;
  /** Sends SIGTERM and waits for its end. @returns the exit code */
  terminate(): Promise<number | null>;
  stop(): Promise<void>;
}

export const timeoutMs = 60_000 * patience;
const program = join(import.meta.dirname, "../../src/cmd/main.ts");

export async function startExtensionProcess(flags: readonly string[] = []): Promise<ExtensionProcess> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-extension-"));
  const stopping = new AbortController();
  const users = await ensureCa(join(directory, "users"));
  const proxies = await ensureCa(join(directory, "proxies"));
  const [apiPort, port] = [await freePort(), await freePort()];
  const server = await startApiserver(directory, users, apiPort);
  const place = { directory, authority: users, port: apiPort };
  const admin = await identity(place, "admin", ["system:masters"]);
  const own = await identity(place, extensionUser, []);
  await prepareCluster(admin.client, { users, proxies });
  const log = createLogger("certificates");
  const certificates = startCertificateController({
    client: admin.client,
    namespace: defaultNamespace,
    log,
    signal: stopping.signal,
  });
  const made = Object.values(certificateSecrets).map((name) =>
    waitFor(admin.client, secrets, { namespace: defaultNamespace, name }, (secret) => secret !== undefined, {
      timeoutMs,
    }),
  );
  await Promise.all(made);
  const mount = (secretName: string): Promise<void> => mountSecret(admin.client, directory, secretName);
  await mount(certificateSecrets.extensionServer);
  await mount(certificateSecrets.nodeApiClient);
  const child = spawnExtension(directory, own.path, ["--port", `${port}`, "--bind-address", "127.0.0.1", ...flags]);
  const exited = once(child, "exit");
  const agentSecret = await readSecret(admin.client, certificateSecrets.agentServer);
  const terminate = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    return code;
  };
  return {
    client: admin.client,
    port,
    child,
    directory,
    caPem: agentSecret["ca.crt"] ?? "",
    user: (commonName, organizations = []) =>
      issueCertificate(users, { commonName, organizations, usages: ["client"] }),
    proxy: (commonName) => issueCertificate(proxies, { commonName, usages: ["client"] }),
    async replaceProxies(commonName) {
      const others = await ensureCa(join(directory, "other-proxies"));
      const body = { data: { "requestheader-client-ca-file": others.certificatePem } };
      await admin.client.patch(configMaps, trustKey, { type: "merge", body });
      return issueCertificate(others, { commonName, usages: ["client"] });
    },
    agent: {
      certificatePem: agentSecret["tls.crt"] ?? "",
      keyPem: agentSecret["tls.key"] ?? "",
      caPem: agentSecret["ca.crt"] ?? "",
    },
    mount,
    terminate,
    async stop() {
      child.kill("SIGKILL");
      stopping.abort();
      await certificates;
      for (const { client } of [admin, own]) client.close();
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Stands for its service account. */
const extensionUser = "extension";

async function startApiserver(directory: string, users: Authority, port: number): Promise<Apiserver> {
  const request = { commonName: "apiserver", ipAddresses: ["127.0.0.1"], usages: ["server" as const] };
  const serving = await issueCertificate(users, request);
  return runApiserver({
    store: createMemoryStore(),
    bindAddress: "127.0.0.1",
    port,
    advertiseAddress: "127.0.0.1",
    certificatePem: serving.certificatePem,
    keyPem: serving.keyPem,
    clientCaPem: users.certificatePem,
    serviceAccountKey: await ensureServiceAccountKey(directory),
    serviceCidrs: ["10.28.0.0/16"],
    log: createLogger("apiserver"),
  });
}

const trustKey = { name: "extension-apiserver-authentication", namespace: "kube-system" };

/** What a cluster and `vmpod install` bring along. */
async function prepareCluster(client: Client, by: { users: Authority; proxies: Authority }): Promise<void> {
  for (const definition of customResourceDefinitions()) {
    if (definition.metadata?.name?.endsWith(".kubevirt.io")) await client.create(crds, definition);
  }
  await client.create(namespaces, { metadata: { name: defaultNamespace } });
  const data = {
    "client-ca-file": by.users.certificatePem,
    "requestheader-client-ca-file": by.proxies.certificatePem,
    "requestheader-allowed-names": '["front-proxy-client"]',
    "requestheader-username-headers": '["X-Remote-User"]',
    "requestheader-group-headers": '["X-Remote-Group"]',
    "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
  };
  await client.create(configMaps, { metadata: trustKey, data });
  const rules = [
    { apiGroups: ["kubevirt.io"], resources: ["kubevirts"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["kubevirt.io"], resources: ["virtualmachines"], verbs: ["get", "update"] },
    { apiGroups: ["kubevirt.io"], resources: ["virtualmachineinstances"], verbs: ["get", "patch"] },
    { apiGroups: ["kubevirt.io"], resources: ["virtualmachineinstances/status"], verbs: ["patch"] },
    { apiGroups: [""], resources: ["nodes", "pods"], verbs: ["get"] },
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
    { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
  ];
  await client.create(clusterRoles, { metadata: { name: extensionUser }, rules });
  await bind(client, extensionUser, { kind: "User", name: extensionUser });
  const account = { name: "robot", namespace: "default" };
  await client.create(serviceAccounts, { metadata: account });
}

export async function bind(client: Client, role: string, subject: { kind: string; name: string; namespace?: string }) {
  const apiGroup = "rbac.authorization.k8s.io";
  await client.create(clusterRoleBindings, {
    metadata: { name: `${role}-${subject.name}` },
    roleRef: { apiGroup, kind: "ClusterRole", name: role },
    subjects: [{ ...subject, ...(subject.kind !== "ServiceAccount" && { apiGroup }) }],
  });
}

/** The directory holds the mounted Secrets. */
export function spawnExtension(directory: string, kubeconfig: string, flags: readonly string[]): ChildProcess {
  const argv = [
    program,
    "cluster-api-extension",
    ...["--kubeconfig", kubeconfig],
    ...["--tls-dir", join(directory, certificateSecrets.extensionServer)],
    ...["--node-api-client-dir", join(directory, certificateSecrets.nodeApiClient)],
    ...["--log-level", process.env["VMPOD_LOG"] ?? "warn"],
    ...flags,
  ];
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...argv], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}
