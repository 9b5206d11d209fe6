/** The test cluster is a real Kubernetes in all that vmpod relies on. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { nodes as nodeKind } from "../../../api/core.ts";
import type { Client } from "../../../src/client/client.ts";
import { waitFor } from "../../../src/client/wait-for.ts";
import { ensureCa } from "../../../src/pki/authority.ts";
import { issueCertificate } from "../../../src/pki/certificate.ts";
import { eventually } from "../../embedded/instance.ts";
import { debianKubectl } from "../../fixtures/kubectl.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { extension, extensionRegistrations, nodeAgents, sleeper, webServers } from "./manifests.ts";

const sysctls = ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward"];

describe("a test cluster", () => {
  let cluster: Cluster;
  let client: Client;
  const sysctlsBefore = readSysctls();

  before(async () => {
    cluster = await startCluster({ nodeMonitorGraceSeconds: 10, onProgress: ({ step }) => console.error(step) });
    client = await cluster.connect();
    await apply(sleeper("c1", "n1"), sleeper("c2", "n2"));
  });
  after(async () => {
    client.close();
    await cluster.stop();
    assert.ok(!existsSync(cluster.kubeconfig));
    assert.deepEqual(readSysctls(), sysctlsBefore);
  });

  async function apply(...objects: object[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    await cluster.kubectlWith({ input }, "apply", "-f", "-");
  }

  async function untilReady(node: string, status: "True" | "Unknown", timeoutMs: number): Promise<void> {
    const isSo = (found: { status?: { conditions?: { type: string; status: string }[] } } | undefined) =>
      found?.status?.conditions?.some((each) => each.type === "Ready" && each.status === status) ?? false;
    await waitFor(client, nodeKind, { name: node }, isSo, { timeoutMs });
  }

  const execIn = async (pod: string, ...argv: string[]) => await cluster.kubectl("exec", pod, "--", ...argv);
  const fetchFrom = async (pod: string, url: string, ...flags: string[]) =>
    (await execIn(pod, "timeout", "5", "wget", "-q", "-O", "-", ...flags, url)).trim();

  it("has two nodes that are Ready", async () => {
    const { items } = await client.list(nodeKind);
    const seen = items.map(({ metadata, status }) => [metadata?.name, status?.nodeInfo?.kubeletVersion]);
    assert.deepEqual(seen, [
      ["n1", "v1.20.2"],
      ["n2", "v1.20.2"],
    ]);
    for (const { name } of cluster.nodes) await untilReady(name, "True", 1_000);
  });

  it("runs a Deployment on both nodes, reached by its Service's name from pods of both", async () => {
    await apply(...webServers());
    await cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s");
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/c1", "pod/c2", "--timeout=60s");
    const pods = await cluster.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}");
    for (const client of ["c1", "c2"]) {
      const answered = new Set<string>();
      await eventually("both web servers answered", 60_000, async () => {
        const name = await fetchFrom(client, "http://web/name").catch(() => undefined);
        if (name !== undefined) answered.add(name);
        return answered.size === 2 || undefined;
      });
      assert.deepEqual([...answered].sort(), pods.split(" ").sort());
    }
  });

  it("gives logs and commands in containers, to kubectls old and new", async () => {
    const pod = await cluster.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}");
    assert.equal(await cluster.kubectl("logs", pod), `serving ${pod}\n`);
    const withInput = { input: "typed", kubectlPath: debianKubectl() };
    assert.equal(await cluster.kubectlWith(withInput, "exec", "-i", pod, "--", "cat"), "typed");
  });

  it("lets pods reach the API server by its Service, and host and API server reach Services and pods", async () => {
    const version = await fetchFrom("c1", "https://kubernetes.default.svc/version", "--no-check-certificate");
    assert.match(version, /"gitVersion": "v1\.20\.2"/);
    const address = await cluster.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
    const pod = await cluster.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[1].status.podIP}");
    for (const url of [`http://${address}/name`, `http://${pod}:8080/name`]) {
      assert.match(await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text(), /^web-/);
      const script = `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`;
      const argv = [process.execPath, "--input-type=module", "--eval", script];
      assert.match(await cluster.controlPlaneExec(argv, { timeoutMs: 10_000 }), /^web-/);
    }
  });

  it("gives privileged pods the node: its processes, its network, its kubelet's directory and mounts in it", async () => {
    await apply(nodeAgents());
    await cluster.kubectl("rollout", "status", "daemonset/agent", "--timeout=120s");
    for (const node of cluster.nodes) {
      await node.nodeExec(["mountpoint", "-q", "/var/lib/kubelet/from-agent"]);
      const field = `--field-selector=spec.nodeName=${node.name}`;
      const pod = await cluster.kubectl(
        "get",
        "pods",
        "-l",
        "app=agent",
        field,
        "-o",
        "jsonpath={.items[0].metadata.name}",
      );
      assert.match(await execIn(pod, "cat", "/proc/1/cmdline"), /init\.sh/);
      assert.match(await execIn(pod, "ip", "address", "show", "eth0"), new RegExp(` ${node.ip}/`));
      await execIn(pod, "test", "-S", "/var/lib/kubelet/device-plugins/kubelet.sock");
    }
  });

  it("calls webhooks and aggregated APIs in pods, by their Service", async (context) => {
    const directory = await mkdtemp(join(tmpdir(), "vmpod-extension-"));
    context.after(() => rm(directory, { recursive: true }));
    const ca = await ensureCa(directory);
    const dnsNames = ["extension.default.svc"];
    const pair = await issueCertificate(ca, { commonName: "extension", dnsNames, usages: ["server"] });
    await apply(...extension(pair.certificatePem, pair.keyPem));
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/extension", "--timeout=60s");
    await cluster.kubectl("label", "namespace", "default", "greeted=yes");
    await apply(...extensionRegistrations(ca.certificatePem));
    await cluster.kubectl("wait", "--for=condition=Available", "apiservice/v1.greetings.test", "--timeout=60s");
    // It is Available a moment before the API server passes requests on to it.
    const greeting = await eventually("greetings are served", 30_000, () =>
      cluster.kubectl("get", "--raw", "/apis/greetings.test/v1/greetings").then(nameOfFirst, () => undefined),
    );
    assert.equal(greeting, "hello-kubernetes-admin");
    await eventually("the webhook is called", 30_000, async () => {
      const created = await cluster.kubectl(
        "create",
        "configmap",
        "--dry-run=server",
        "x",
        "-o",
        "jsonpath={.metadata.labels}",
      );
      return created.includes('"seen":"yes"') || undefined;
    });
    await cluster.kubectl("delete", "apiservice/v1.greetings.test", "mutatingwebhookconfiguration/extension");
  });

  it("notices that a node is gone, and that it is back with its pods", async () => {
    const [, node] = cluster.nodes;
    assert.ok(node);
    await node.vanish();
    await untilReady(node.name, "Unknown", 60_000);
    await node.powerOn();
    await untilReady(node.name, "True", 60_000);
    await eventually("c2 runs again", 90_000, () => fetchFrom("c2", "http://web/name").catch(() => undefined));
  });

  it("notices a pulled network cable, while what runs on the node goes on", async () => {
    const [node] = cluster.nodes;
    assert.ok(node);
    await node.disconnect();
    await untilReady(node.name, "Unknown", 60_000);
    assert.match(await node.nodeExec(["ps", "-e", "-o", "comm="]), /^httpd$/m);
    await node.reconnect();
    await untilReady(node.name, "True", 60_000);
  });
});

function nameOfFirst(text: string): string | undefined {
  return (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items[0]?.metadata.name;
}

function readSysctls(): string[] {
  return sysctls.map((name) => readFileSync(`/proc/sys/${name}`, "utf8"));
}
