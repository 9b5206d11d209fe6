/** A real API server calls the extension: its webhooks, and its API behind the aggregator. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, describe, it } from "node:test";
import { nodes, type Pod, pods, secrets } from "../../../api/core.ts";
import { annotations, labels, launcherApp } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { certificateSecrets, defaultNamespace } from "../../../src/base/cluster-names.ts";
import { CommandError, messageOf } from "../../../src/base/errors.ts";
import type { Client } from "../../../src/client/client.ts";
import { tlsOptionsOf } from "../../../src/client/config.ts";
import { loadKubeconfig } from "../../../src/client/kubeconfig.ts";
import { waitFor } from "../../../src/client/wait-for.ts";
import { controllerReference } from "../../../src/runtime/owner-references.ts";
import { dialWebSocket } from "../../../src/streams/dial-web-socket.ts";
import { startEchoAgent } from "../../extension/echo-agent.ts";
import { readSecret } from "../../extension/mount-secret.ts";
import { machine } from "../../vm-api/bad-manifests.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { type ExtensionInstallation, installExtension } from "./extension-installation.ts";

const subresources = "/apis/subresources.kubevirt.io/v1";
const timeoutMs = 60_000;

describe("the extension behind a real API server", () => {
  let cluster: Cluster;
  let client: Client;
  let extension: ExtensionInstallation;

  before(async () => {
    cluster = await startCluster({ onProgress: ({ step }) => console.error(step) });
    client = await cluster.connect();
    extension = await installExtension(cluster, client);
    await extension.start();
  });
  after(async () => {
    // What failed to come up must not keep the cluster.
    await (extension as ExtensionInstallation | undefined)?.remove();
    client.close();
    await cluster.stop();
  });

  const apply = (object: object, ...flags: string[]) =>
    cluster.kubectlWith({ input: JSON.stringify(object) }, "apply", "-f", "-", ...flags);

  async function refusal(action: Promise<unknown>): Promise<string> {
    try {
      await action;
    } catch (error) {
      return error instanceof CommandError ? error.stderrTail : messageOf(error);
    }
    throw new Error("it was accepted");
  }

  it("shows in discovery, and its version answers through the aggregator", async () => {
    const versions = await cluster.kubectl("api-versions");
    for (const version of ["v1", "v1alpha3"])
      assert.match(versions, new RegExp(`subresources\\.kubevirt\\.io/${version}\n`));
    const { gitVersion } = await client.request<{ gitVersion: string }>("GET", `${subresources}/version`);
    assert.match(gitVersion, /^v\d/);
  });

  it("completes machines on their way in, and refuses with every cause", async () => {
    await apply(machine({}, { runStrategy: "Halted" }, "kept"));
    const vm = await client.get(virtualMachines, { namespace: "default", name: "kept" });
    assert.equal(vm.spec.template.spec.domain.machine?.type, "q35");
    assert.ok(vm.metadata?.finalizers?.includes("kubevirt.io/virtualMachineControllerFinalize"));
    const words = await refusal(apply(machine({ domain: { memory: { guest: "-1" } }, hostname: "A_b" })));
    assert.match(words, /spec\.template\.spec\.domain\.memory\.guest: /);
    assert.match(words, /spec\.template\.spec\.hostname: /);
  });

  it("lets nobody but vmpod's own components change an instance", async () => {
    const created = await startMachine("fixed", "None", false);
    const spec = { ...created.spec, terminationGracePeriodSeconds: 1 };
    const words = await refusal(client.update(virtualMachineInstances, { ...created, spec }));
    assert.match(words, /a VirtualMachineInstance cannot be changed/);
    const controller = "system:serviceaccount:vmpod:vmpod-controller";
    const patch = JSON.stringify({ spec: { terminationGracePeriodSeconds: 1 } });
    await cluster.kubectl("patch", "vmi", "fixed", "--type=merge", "-p", patch, "--as", controller);
  });

  it("starts a machine for whoever may, and for nobody else", async () => {
    const path = "namespaces/default/virtualmachines/kept/start";
    const as = (user: string) => ({ headers: { "Impersonate-User": user } });
    const start = (user: string) => client.request("PUT", `${subresources}/${path}`, {}, as(user));
    assert.match(await refusal(start("jane")), /User "jane" cannot update resource "virtualmachines\/start"/);
    await cluster.kubectl("create", "rolebinding", "jane", "--clusterrole=kubevirt.io:edit", "--user=jane");
    await start("jane");
    const vm = await client.get(virtualMachines, { namespace: "default", name: "kept" });
    assert.equal(vm.spec.runStrategy, "Always");
  });

  it("opens consoles through API server, extension and node agent", async () => {
    const secret = await readSecret(client, certificateSecrets.agentServer);
    const pair = {
      certificatePem: secret["tls.crt"] ?? "",
      keyPem: secret["tls.key"] ?? "",
      caPem: secret["ca.crt"] ?? "",
    };
    const agent = await startEchoAgent(pair, extension.address);
    try {
      const endpoint = { [annotations.agentEndpoint]: `https://${extension.address}:${agent.port}` };
      await client.patch(nodes, { name: "n1" }, { type: "merge", body: { metadata: { annotations: endpoint } } });
      const config = await loadKubeconfig(cluster.kubeconfig);
      const path = `${subresources}/namespaces/default/virtualmachineinstances/fixed/console`;
      const address = { server: config.server, tls: tlsOptionsOf(config) };
      const socket = await dialWebSocket(address, path, ["plain.kubevirt.io"]);
      const echo = once(socket, "message") as Promise<[Buffer]>;
      socket.resume();
      socket.send(Buffer.from("hello"));
      assert.equal((await echo)[0].toString(), "hello");
      socket.terminate();
    } finally {
      agent.close();
    }
  });

  async function startMachine(
    name: string,
    evictionStrategy: string,
    canMigrate: boolean,
  ): Promise<VirtualMachineInstance> {
    const { apiVersion, kind, spec } = sampleVmi();
    const metadata = { name, namespace: "default" };
    const created = await client.create(virtualMachineInstances, {
      apiVersion,
      kind,
      metadata,
      spec: { ...spec, evictionStrategy },
    });
    const conditions = [{ type: "LiveMigratable", status: canMigrate ? "True" : "False" }];
    const status = { ...created.status, phase: "Running", nodeName: "n1", conditions };
    const vmi = await client.updateStatus(virtualMachineInstances, { ...created, status });
    await client.create(pods, launcherOf(vmi));
    return vmi;
  }

  function launcherOf(vmi: VirtualMachineInstance): Pod {
    const { name = "", namespace } = vmi.metadata ?? {};
    return {
      metadata: {
        name: `virt-launcher-${name}`,
        namespace,
        labels: { [labels.app]: launcherApp, [labels.vmName]: name },
        annotations: { [annotations.domain]: name },
        ownerReferences: [controllerReference(virtualMachineInstances, vmi)],
      },
      spec: {
        nodeName: "n1",
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "compute", image: "localhost/vmpod/pause:latest", imagePullPolicy: "IfNotPresent" }],
      },
    };
  }

  it("holds a drain for machines that can migrate, and not for others", async () => {
    await startMachine("moves", "LiveMigrate", true);
    await startMachine("yields", "LiveMigrateIfPossible", false);
    const selector = `--pod-selector=${labels.app}=${launcherApp}`;
    const drain = (...flags: string[]) => cluster.kubectl("drain", "n1", "--force", selector, ...flags);
    assert.match(await refusal(drain("--timeout=15s")), /Eviction triggered evacuation of VMI "default\/moves"/);
    const vmi = await client.get(virtualMachineInstances, { namespace: "default", name: "moves" });
    assert.equal(vmi.status?.evacuationNodeName, "n1");
    const left = (await client.list(pods, { namespace: "default", labelSelector: `${labels.app}=${launcherApp}` }))
      .items;
    assert.deepEqual(
      left.map(({ metadata }) => metadata?.name),
      ["virt-launcher-moves"],
    );
    await cluster.kubectl("uncordon", "n1");
  });

  it("answers every request while the authority is lost and all certificates are made anew", async () => {
    const authority = { namespace: defaultNamespace, name: certificateSecrets.authority };
    const server = { ...authority, name: certificateSecrets.extensionServer };
    const before = await client.get(secrets, server);
    const asking = new AbortController();
    const asked = askAllTheTime(asking.signal);
    await client.delete(secrets, authority);
    const isNew = (secret: typeof before | undefined) => secret?.data?.["tls.crt"] !== before.data?.["tls.crt"];
    await waitFor(client, secrets, server, isNew, { timeoutMs });
    const isAlone = (secret: typeof before | undefined) =>
      secret?.data?.["ca.crt"] !== undefined && secret.data["previous.crt"] === undefined;
    await waitFor(client, secrets, authority, isAlone, { timeoutMs });
    await delay(3_000);
    asking.abort();
    const { answered, failures } = await asked;
    assert.deepEqual(failures, []);
    assert.ok(answered > 20, `only ${answered} requests`);
  });

  /** Of both kinds: one that a webhook judges, one that the aggregator forwards. */
  async function askAllTheTime(signal: AbortSignal): Promise<{ answered: number; failures: string[] }> {
    const failures: string[] = [];
    let answered = 0;
    for (; !signal.aborted; await delay(100)) {
      const manifest = machine({}, { runStrategy: "Halted" }, "dry") as unknown as VirtualMachine;
      const both = [
        client.create(virtualMachines, manifest, { dryRun: true }),
        client.request("GET", `${subresources}/version`),
      ];
      for (const outcome of await Promise.allSettled(both)) {
        if (outcome.status === "fulfilled") answered += 1;
        else failures.push(messageOf(outcome.reason));
      }
    }
    return { answered, failures };
  }

  it("leaves the cluster usable when it is gone, and is believed again when it is back", async () => {
    await extension.end();
    assert.match(await refusal(apply(machine({}, {}, "unchecked"))), /failed calling webhook "defaults\.vmpod\.dev"/);
    const plain = launcherOf(await client.get(virtualMachineInstances, { namespace: "default", name: "moves" }));
    await client.create(pods, { ...plain, metadata: { name: "plain", namespace: "default" } });
    const eviction = {
      apiVersion: "policy/v1beta1",
      kind: "Eviction",
      metadata: { name: "plain", namespace: "default" },
    };
    await client.request("POST", "/api/v1/namespaces/default/pods/plain/eviction", eviction);
    const moves = await client.get(virtualMachineInstances, { namespace: "default", name: "moves" });
    await client.updateStatus(virtualMachineInstances, { ...moves, status: { ...moves.status, phase: "Failed" } });
    await extension.start();
    await apply(machine({}, { runStrategy: "Halted" }, "checked"));
  });
});
