/**
 * The real API server with the VM extension, KubeVirt's definitions, the VM controllers and the garbage collector, but no node: what
 * `kubectl` may and may not ask for, and what the controllers make of it, up to the launcher pod.
 */
import { CommandError } from "../../src/base/errors.ts";
import { mkdtempSync, rmSync } from "node:fs";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { customResourceDefinitions as crds } from "../../api/apiextensions.ts";
import { customResourceDefinitions } from "../../api/kubevirt/crds.ts";
import { kubeVirts } from "../../api/kubevirt/resources.ts";
import { networkAttachmentsCrd } from "../../api/network-attachments.ts";
import { podDisruptionBudgets } from "../../api/policy.ts";
import { type Apiserver, runApiserver } from "../../src/apiserver/server.ts";
import { exec } from "../../src/base/exec.ts";
import { createLogger } from "../../src/base/log.ts";
import type { Client } from "../../src/client/client.ts";
import { createInformer } from "../../src/client/create-informer.ts";
import { startVirtualMachineControllers } from "../../src/controllers/start.ts";
import { createExtension } from "../../src/extension/extension.ts";
import { type Authority, ensureCa } from "../../src/pki/authority.ts";
import { issueCertificate } from "../../src/pki/certificate.ts";
import { liveConfiguration } from "../../src/runtime/virt-configuration.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { startGarbageCollector } from "../../src/workloads/garbage/garbage-collector.ts";
import { patience, patiently } from "../embedded/instance.ts";
import { freePort } from "../fixtures/free-port.ts";
import { currentKubectl } from "../fixtures/kubectl.ts";
import { identity } from "../fixtures/identity.ts";

export interface VmApiServer {
  client: Client;
  kubeconfig: string;
  kubectl(args: readonly string[], input?: string): Promise<string>;
  apply(manifest: object): Promise<string>;
  get<T = Record<string, unknown>>(...args: string[]): Promise<T>;
  stop(): Promise<void>;
}

const kubectlPath = currentKubectl();

/** For a controller to do something: less than a second on a machine that does nothing else. */
export const timeoutMs = 60_000 * patience;

export async function startVmApiServer(): Promise<VmApiServer> {
  const dir = mkdtempSync(join(tmpdir(), "vmpod-vm-api-"));
  const log = createLogger("vm-api-test");
  const stopping = new AbortController();
  const port = await freePort();
  const authority = await ensureCa(join(dir, "pki"));
  const place = { directory: dir, authority, port };
  const admin = await identity(place, "kubernetes-admin", ["system:masters"]);
  const own = await identity(place, "vmpod-api-extension", ["vmpod:node-api", "system:masters"]);
  const controller = await identity(place, "system:vmpod:controller", ["system:masters"]);
  const kubevirts = createInformer(own.client, kubeVirts);
  const configuration = liveConfiguration(kubevirts);
  const extension = createExtension({ client: own.client, agentTls: () => ({}), configuration, log });
  const server = await runServer(authority, port, extension, log);
  await defineKinds(admin.client);
  kubevirts.start(stopping.signal);
  const controllers = startVirtualMachineControllers({
    client: controller.client,
    launcherImage: "localhost/vmpod/launcher:test",
    imageVolumes: true,
    podsCanGrow: true,
    disruptionBudgets: podDisruptionBudgets,
    version: "v0.0.0-test",
    log,
    signal: stopping.signal,
  });
  startGarbageCollector({ client: controller.client, log, signal: stopping.signal });
  const kubectl = (args: readonly string[], input?: string) =>
    exec([kubectlPath, "--kubeconfig", admin.path, ...patiently(args)], {
      env: { HOME: dir, PATH: process.env["PATH"] },
      timeoutMs: 2 * timeoutMs,
      ...(input && { input }),
    });
  return {
    client: admin.client,
    kubeconfig: admin.path,
    kubectl,
    apply: (manifest) => kubectl(["apply", "-f", "-"], JSON.stringify(manifest)),
    get: async <T>(...args: string[]) => JSON.parse(await kubectl(["get", ...args, "-o", "json"])) as T,
    async stop() {
      stopping.abort();
      await controllers;
      for (const { client } of [admin, own, controller]) client.close();
      await server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function runServer(
  authority: Authority,
  port: number,
  extension: ReturnType<typeof createExtension>,
  log: ReturnType<typeof createLogger>,
): Promise<Apiserver> {
  const serving = await issueCertificate(authority, {
    commonName: "apiserver",
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
  });
  return runApiserver({
    store: createMemoryStore(),
    bindAddress: "127.0.0.1",
    port,
    advertiseAddress: "127.0.0.1",
    certificatePem: serving.certificatePem,
    keyPem: serving.keyPem,
    clientCaPem: authority.certificatePem,
    serviceCidrs: ["10.28.0.0/16"],
    admission: extension.admission,
    delegates: [extension.delegate],
    log,
  });
}

async function defineKinds(client: Client): Promise<void> {
  const groups = ["kubevirt.io", "instancetype.kubevirt.io", "migrations.kubevirt.io", "pool.kubevirt.io"];
  const definitions = customResourceDefinitions().filter(({ spec }) => groups.includes(spec.group));
  for (const definition of [...definitions, networkAttachmentsCrd()]) await client.create(crds, definition);
}

/** What kubectl says of what the API refuses. */
export async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    if (error instanceof CommandError) return error.stderrTail;
    throw error;
  }
  throw new Error("it was accepted");
}
