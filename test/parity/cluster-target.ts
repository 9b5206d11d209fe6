/** Many machines: a real Kubernetes of two nodes, with vmpod installed as its user would. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scrapeAll } from "./scrape.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { exec } from "../../src/base/exec.ts";
import { bin } from "../embedded/instance.ts";
import { apiTools } from "./api-tools.ts";
import type { StartedTarget } from "./target.ts";

const images = ["vmpod", "launcher", "guest", "busybox"];
const deployments = { agent: "vmpod-agent", controller: "vmpod-controller", api: "vmpod-api-extension" };

export async function startOnCluster(say: (line: string) => void): Promise<StartedTarget> {
  const cluster = await startCluster({ onProgress: ({ step, state }) => say(`${state} ${step}`) });
  try {
    await installVmpod(cluster, say);
    const tools = await apiTools(cluster.kubeconfig);
    return {
      ...tools,
      name: "cluster",
      attachesNetworks: false,
      crash: (part) => killContainers(cluster, deployments[part]),
      metrics: () => scrapeAll(cluster),
      agentLog: () => tools.kubectl("logs", "-n", "vmpod", "-l", "app.kubernetes.io/name=vmpod-agent", "--tail=-1"),
      async stop() {
        tools.client.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

export async function installVmpod(cluster: Cluster, say: (line: string) => void): Promise<void> {
  await bringImages(cluster, say);
  say("installing vmpod");
  await exec([bin, "install", "--kubeconfig", cluster.kubeconfig], { timeoutMs: 600_000 });
}

async function bringImages(cluster: Cluster, say: (line: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-images-"));
  try {
    say("building images");
    await exec([bin, "images", "save", directory, ...images], { timeoutMs: 600_000 });
    for (const image of images) await cluster.importImage(join(directory, `${image}.tar`));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface RunningPod {
  metadata: { name: string };
  spec: { nodeName: string };
  status: { containerStatuses?: { containerID?: string }[] };
}

async function killContainers(cluster: Cluster, name: string): Promise<void> {
  const list = await cluster.kubectl("get", "pods", "-n", "vmpod", "-o", "json");
  const { items } = JSON.parse(list) as { items: RunningPod[] };
  for (const { metadata, spec, status } of items.filter((pod) => pod.metadata.name.startsWith(`${name}-`))) {
    const id = status.containerStatuses?.[0]?.containerID?.replace("containerd://", "");
    const node = cluster.nodes.find((each) => each.name === spec.nodeName);
    if (id === undefined || node === undefined) throw new Error(`pod ${metadata.name} does not run`);
    await node.ctr("tasks", "kill", "-s", "SIGKILL", id);
  }
}
