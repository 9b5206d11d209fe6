/** The real API server as a process of its own, to be killed and started again on the same data and port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import { type Authority, ensureCa } from "../../src/pki/authority.ts";
import { ensureCertificate } from "../../src/pki/certificate.ts";
import { writeKubeconfig } from "../../src/pki/kubeconfig.ts";
import { patience } from "../embedded/instance.ts";
import { freePort } from "../fixtures/free-port.ts";

const program = new URL("../../src/cmd/apiserver.ts", import.meta.url).pathname;
const startTimeoutMs = 60_000 * patience;

export interface ApiserverProcess {
  kubeconfig: string;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  /** A client of its own, as admin. */
  connect(): Promise<Client>;
  /** kill -9 */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export async function startApiserverProcess(): Promise<ApiserverProcess> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-client-test-"));
  const port = await freePort();
  const kubeconfig = join(directory, "admin.conf");
  await makeIdentities(directory, kubeconfig, port);
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const argv = [program, "--data-dir", directory, "--bind-address", "127.0.0.1", "--port", `${port}`];
    child = spawn(process.execPath, argv, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, VMPOD_LOG: "error" },
    });
    await untilReady(kubeconfig, child);
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  await start();
  return {
    kubeconfig,
    get pid() {
      return child?.pid;
    },
    connect: async () => createClient(await loadKubeconfig(kubeconfig)),
    kill,
    start,
    async remove() {
      await kill();
      await rm(directory, { recursive: true });
    },
  };
}

async function makeIdentities(directory: string, kubeconfig: string, port: number): Promise<void> {
  const pki = join(directory, "pki");
  const authority: Authority = await ensureCa(pki);
  const server = { commonName: "kube-apiserver", ipAddresses: ["127.0.0.1"] };
  await ensureCertificate(authority, pki, "apiserver", { ...server, usages: ["server"] });
  const kubelet = { commonName: "kube-apiserver-kubelet-client", organizations: ["vmpod:kubelet-api"] };
  await ensureCertificate(authority, pki, "kubelet-client", { ...kubelet, usages: ["client"] });
  const admin = { commonName: "kubernetes-admin", organizations: ["system:masters"] };
  const pair = await ensureCertificate(authority, pki, "admin", { ...admin, usages: ["client"] });
  await writeKubeconfig(kubeconfig, {
    name: "test",
    server: `https://127.0.0.1:${port}`,
    certificateAuthorityPem: authority.certificatePem,
    clientCertificatePem: pair.certificatePem,
    clientKeyPem: pair.keyPem,
  });
}

export async function untilReady(kubeconfig: string, child: ChildProcess, timeoutMs = startTimeoutMs): Promise<void> {
  const client = createClient(await loadKubeconfig(kubeconfig));
  const deadline = Date.now() + timeoutMs;
  try {
    for (;;) {
      const failure = await client.request("GET", "/api/v1/namespaces/default").then(
        () => undefined,
        (error: Error) => error,
      );
      if (!failure) return;
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) throw failure;
      await delay(50);
    }
  } finally {
    client.close();
  }
}
