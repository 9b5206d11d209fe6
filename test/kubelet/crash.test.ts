/** The kubelet and containerd may die at any moment: containers go on, and nothing exists twice. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { exec } from "../../src/base/exec.ts";
import { connectCri, type CriClient } from "../../src/cri/client.ts";
import { addressesDir, containerdSocket, namespacesDir } from "../../src/cri/containerd/config.ts";
import { removeOrphanNetworks } from "../../src/cri/containerd/orphan-networks.ts";
import { removeAllPods } from "../../src/cri/containerd/remove-pods.ts";
import { ContainerState, PodSandboxState } from "../../src/cri/gen/runtime/v1/api.gen.ts";
import type { Pod } from "../../api/core.ts";
import { eventually } from "../embedded/instance.ts";
import { firstPortOf } from "../embedded/instance-ports.ts";
import { type Environment, kubeletsNumber, startEnvironment } from "./environment.ts";

const firstPort = firstPortOf(kubeletsNumber);
let node: Environment;
let cri: CriClient;

before(async () => {
  node = await startEnvironment({
    instance: "vkt2",
    apiPort: firstPort + 444,
    kubeletPort: firstPort + 251,
    podCidr: "10.15.1.0/24",
    serviceCidr: "10.25.0.0/16",
  });
  await node.startKubelet();
  cri = connectCri(containerdSocket(node.containerd));
});
after(async () => {
  cri.close();
  await node.stop();
});

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

async function running(): Promise<{ sandboxes: string[]; containers: string[] }> {
  const [{ items }, { containers }] = await Promise.all([
    cri.runtime.listPodSandbox({ filter: { state: { state: PodSandboxState.SANDBOX_READY } } }),
    cri.runtime.listContainers({ filter: { state: { state: ContainerState.CONTAINER_RUNNING } } }),
  ]);
  const nameOf = ({ labels }: { labels: Record<string, string> }): string => labels["io.kubernetes.pod.name"] ?? "";
  return { sandboxes: items.map(nameOf).sort(), containers: containers.map(nameOf).sort() };
}

/** Of each name one sandbox and one container, and no others: what was begun twice goes again. */
async function onlyRunning(names: readonly string[]): Promise<void> {
  const wanted = { sandboxes: names.toSorted(), containers: names.toSorted() };
  await eventually(
    `exactly ${names.join(", ") || "nothing"} runs`,
    60_000,
    async () => isDeepStrictEqual(await running(), wanted) || undefined,
    async () => JSON.stringify(await running()),
  );
}

async function killContainerd(): Promise<void> {
  const pid = await node.startContainerd();
  process.kill(pid, "SIGKILL");
  await node.startContainerd();
}

test("a running container outlives kubelet and containerd, and stays the same", async () => {
  await node.run("steady", {});
  const before = await node.podUntil("steady", "ready", isReady);
  await node.killKubelet();
  await killContainerd();
  await node.startKubelet();
  await delay(1500); // what a new kubelet might do wrong, it does at once
  const now = await node.podUntil("steady", "ready", isReady);
  assert.equal(now.status?.containerStatuses?.[0]?.containerID, before.status?.containerStatuses?.[0]?.containerID);
  assert.equal(now.status?.containerStatuses?.[0]?.restartCount, 0);
  assert.equal(await node.kubectl("exec", "steady", "--", "echo", "alive"), "alive\n");
});

test("killed at any moment of creating pods, exactly one of each comes up", async () => {
  const names = ["steady"];
  for (const [round, killAfterMs] of [20, 60, 120, 200, 300, 450].entries()) {
    for (const index of [0, 1, 2]) {
      names.push(`born-${round}-${index}`);
      await node.run(`born-${round}-${index}`, {});
    }
    await delay(killAfterMs);
    await (round % 2 === 0 ? node.killKubelet().then(() => node.startKubelet()) : killContainerd());
  }
  for (const name of names) {
    await node.podUntil(name, "ready", isReady);
  }
  await onlyRunning(names);
});

test("pods that were deleted while no kubelet ran are removed", async () => {
  const all = (await node.kubectl("get", "pods", "-o", "name")).trim().split("\n");
  await node.killKubelet();
  await node.kubectl("delete", ...all.slice(0, 3), "--force", "--grace-period=0");
  await node.kubectl("delete", ...all.slice(3), "--wait=false");
  await node.startKubelet();
  await node.kubectl("wait", "--for=delete", ...all, "--timeout=60s");
  await onlyRunning([]);
});

test("a sandbox that dies is replaced, and its containers with it", async () => {
  await node.run("orphan", {});
  const before = await node.podUntil("orphan", "ready", isReady);
  const { items } = await cri.runtime.listPodSandbox({});
  const sandbox = items.find(({ labels }) => labels["io.kubernetes.pod.name"] === "orphan");
  await node.ctr("tasks", "kill", "-s", "SIGKILL", sandbox?.id ?? "");
  const idOf = (pod: Pod): string | undefined => pod.status?.containerStatuses?.[0]?.containerID;
  const now = await node.podUntil("orphan", "running anew", (pod) => isReady(pod) && idOf(pod) !== idOf(before));
  assert.equal(now.status?.containerStatuses?.[0]?.restartCount, 1);
  await onlyRunning(["orphan"]);
});

test("without kubelet and API server, all pods can be ended in their own way", async () => {
  const dir = join(node.rootDir, "..", "goodbye");
  mkdirSync(dir);
  const preStop = { exec: { command: ["sh", "-c", "echo bye > /out/bye"] } };
  const main = { name: "main", image: node.busybox, command: ["sleep", "1000"], lifecycle: { preStop } };
  await node.run("polite", {
    volumes: [{ name: "out", hostPath: { path: dir } }],
    containers: [{ ...main, volumeMounts: [{ name: "out", mountPath: "/out" }] }],
  });
  await node.podUntil("polite", "ready", isReady);
  await node.killKubelet();
  assert.equal(await removeAllPods(containerdSocket(node.containerd), 5), 2);
  assert.equal(readFileSync(join(dir, "bye"), "utf8"), "bye\n");
  assert.deepEqual(await running(), { sandboxes: [], containers: [] });
});

test("of pods' networks, what the runtime forgot goes and what it knows stays", async () => {
  await node.startKubelet();
  await node.run("known", {});
  await node.podUntil("known", "ready", isReady);
  // They are in the API as before, and so come up again.
  await onlyRunning(["known", "orphan", "polite"]);
  const { stateDir } = node.containerd;
  const addresses = join(addressesDir(stateDir), "vkt2");
  const list = () => ({
    namespaces: readdirSync(namespacesDir(stateDir)).sort(),
    addresses: readdirSync(addresses).sort(),
  });
  const before = list();
  // As containerd leaves them when it dies between making them and noting the sandbox.
  const forgotten = join(namespacesDir(stateDir), "cni-forgotten");
  writeFileSync(forgotten, "");
  await exec(["unshare", "--net", "mount", "--bind", "/proc/self/ns/net", forgotten]);
  writeFileSync(join(addresses, "10.15.1.250"), `${"f".repeat(64)}\r\neth0`);

  const socket = containerdSocket(node.containerd);
  assert.equal(await removeOrphanNetworks(cri, socket, 60_000), 0, "what is young may just be being made");
  assert.equal(await removeOrphanNetworks(cri, socket, 0), 2);
  assert.deepEqual(list(), before);
  assert.equal(await node.kubectl("exec", "known", "--", "echo", "alive"), "alive\n");
});
