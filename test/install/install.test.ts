/**
 * `vmpod install` and `uninstall` against a real API (the embedded one, without its own extension). The controllers and kubelets of a
 * cluster are played by `playCluster`; test/cluster/suite/install.test.ts has real ones.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { customResourceDefinitions } from "../../api/apiextensions.ts";
import { deployments } from "../../api/apps.ts";
import { namespaces, serviceAccounts } from "../../api/core.ts";
import { kubeVirts, virtualMachines } from "../../api/kubevirt/resources.ts";
import type { Client } from "../../src/client/client.ts";
import { listMetadata } from "../../src/client/metadata-list.ts";
import { install, type InstallOptions } from "../../src/install/install.ts";
import { ownSelector } from "../../src/install/render/metadata.ts";
import { uninstall } from "../../src/install/uninstall.ts";
import { type ApiserverProcess, startApiserverProcess } from "../client/apiserver-process.ts";
import { currentKubectl } from "../fixtures/kubectl.ts";
import { playCluster } from "./play-cluster.ts";

const namespace = "vmpod";
const timeoutMs = 60_000;
const deploy = resolve(import.meta.dirname, "../../deploy");
let server: ApiserverProcess;
let client: Client;
const played = new AbortController();

before(async () => {
  server = await startApiserverProcess();
  client = await server.connect();
});
after(async () => {
  played.abort();
  client.close();
  await server.remove();
});

async function run(options: Partial<InstallOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  const onProgress = (line: string): void => void lines.push(line);
  await install({ client, namespace, choices: {}, onProgress, timeoutMs, ...options });
  return lines;
}

async function remove(withMachines: boolean): Promise<string[]> {
  const lines: string[] = [];
  const onProgress = (line: string): void => void lines.push(line);
  await uninstall({ client, namespace, withMachines, onProgress, timeoutMs });
  return lines;
}

test("when pods do not come up, the error says which workloads are waited for", async () => {
  await assert.rejects(run({ timeoutMs: 5_000 }), (error: Error) => {
    assert.match(error.message, /not there after 5 s:\n {2}Deployment vmpod-controller: /);
    assert.match(error.message, /DaemonSet vmpod-agent: /);
    return true;
  });
});

test("installing goes on where it was interrupted, and ends when everything answers", async () => {
  playCluster(client, namespace, played.signal);
  const lines = await run({ choices: { replicas: 1 } });
  assert.ok(lines.includes("kinds of kubevirt.io: 23 unchanged"), lines.join("\n"));
  assert.ok(lines.some((line) => /subresources\.kubevirt\.io and configuration: 3 created/.test(line)));
  assert.equal((await client.get(deployments, { namespace, name: "vmpod-controller" })).spec?.replicas, 1);
});

test("a second time nothing changes, and choices of before hold", async () => {
  const lines = await run();
  for (const line of lines) assert.doesNotMatch(line, /created|\d changed/);
  assert.equal((await client.get(deployments, { namespace, name: "vmpod-controller" })).spec?.replicas, 1);
});

test("what an administrator wrote into the KubeVirt resource stays", async () => {
  const key = { namespace, name: "kubevirt" };
  const spec = { configuration: { vmRolloutStrategy: "LiveUpdate" } };
  await client.patch(kubeVirts, key, { type: "merge", body: { spec } });
  await run();
  assert.deepEqual((await client.get(kubeVirts, key)).spec, spec);
});

test("an upgrade removes what this version does not have", async () => {
  const labels = { "app.kubernetes.io/managed-by": "vmpod", "app.kubernetes.io/part-of": "vmpod" };
  for (const [name, own] of [
    ["old", labels],
    ["other", {}],
  ] as const) {
    await client.create(serviceAccounts, { metadata: { namespace, name, labels: { ...own } } });
  }
  const lines = await run({ prune: true });
  assert.deepEqual(
    lines.filter((line) => line.startsWith("removed")),
    ["removed ServiceAccount vmpod/old, which this version does not have"],
  );
  assert.ok(await client.get(serviceAccounts, { namespace, name: "other" }));
});

test("while there are machines, nothing is removed", async () => {
  const spec = { runStrategy: "Halted", template: { spec: { domain: { devices: {} } } } };
  await client.create(virtualMachines, { metadata: { namespace: "default", name: "precious" }, spec });
  await assert.rejects(remove(false), /VirtualMachine default\/precious[^]*--with-machines/);
  assert.ok(await client.get(deployments, { namespace, name: "vmpod-controller" }));
});

test("removing leaves nothing that was installed", async () => {
  const lines = await remove(true);
  assert.ok(lines.includes("1 machines are gone"), lines.join("\n"));
  for (const resource of [namespaces, customResourceDefinitions]) {
    assert.deepEqual(await listMetadata(client, resource, { labelSelector: ownSelector }), []);
  }
});

test("the YAML under deploy/ satisfies a server that refuses unknown fields", () => {
  const kubectl = (...args: string[]) => {
    const result = spawnSync(currentKubectl(), ["--kubeconfig", server.kubeconfig, ...args], { encoding: "utf8" });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  };
  kubectl("create", "namespace", namespace);
  const strictly = ["apply", "--server-side", "--validate=strict", "-f"];
  assert.equal(
    kubectl(...strictly, join(deploy, "helm/vmpod/crds"))
      .trim()
      .split("\n").length,
    23,
  );
  kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
  kubectl(...strictly, join(deploy, "vmpod.yaml"), "--dry-run=server");
});
