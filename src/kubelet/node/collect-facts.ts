/** Reads what the node's status tells from the kernel and the runtime. */
import { readFile, statfs } from "node:fs/promises";
import { availableParallelism, hostname, release } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../base/errors.ts";
import type { CriClient } from "../../cri/client.ts";
import { readTextIfThere } from "../../base/files.ts";
import type { NodeFacts } from "./node-status.ts";

export async function collectFacts(cri: CriClient, rootDir: string): Promise<NodeFacts> {
  const memory = await memoryInfo();
  const disk = await statfs(rootDir);
  return {
    hostname: hostname(),
    cpus: availableParallelism(),
    memoryBytes: memory("MemTotal"),
    memoryAvailableBytes: memory("MemAvailable"),
    hugePages: await hugePages(),
    diskBytes: disk.blocks * disk.bsize,
    diskAvailableBytes: disk.bavail * disk.bsize,
    machineId: await firstLine("/etc/machine-id"),
    systemUuid: (await firstLine("/sys/class/dmi/id/product_uuid")) || (await firstLine("/etc/machine-id")),
    bootId: await firstLine("/proc/sys/kernel/random/boot_id"),
    kernelVersion: release(),
    osImage: await osName(),
    ...(await runtimeFacts(cri)),
  };
}

async function firstLine(path: string): Promise<string> {
  return ((await readTextIfThere(path)) ?? "").split("\n")[0]?.trim() ?? "";
}

async function memoryInfo(): Promise<(name: string) => number> {
  const text = await readFile("/proc/meminfo", "utf8");
  return (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
}

const pageKibibytes = { "2Mi": 2048, "1Gi": 1024 ** 2 } as const;

/** None of a size that the kernel does not have. */
async function hugePages(): Promise<Record<string, number>> {
  const sizes = Object.entries(pageKibibytes).map(async ([size, kibibytes]): Promise<[string, number]> => {
    const count = Number(await firstLine(`/sys/kernel/mm/hugepages/hugepages-${kibibytes}kB/nr_hugepages`));
    return [size, count * kibibytes * 1024];
  });
  return Object.fromEntries(await Promise.all(sizes));
}

async function osName(): Promise<string> {
  const text = (await readTextIfThere("/etc/os-release")) ?? "";
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? "Linux";
}

type RuntimeFacts = Pick<NodeFacts, "runtimeVersion" | "notReady" | "images">;

/** A runtime that ended and was started anew is back within this: no reason to call the node not ready. */
const patienceMs = 10_000;
const lookEveryMs = 1000;

async function runtimeFacts(cri: CriClient): Promise<RuntimeFacts> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const facts = await askRuntime(cri).catch(
      (error: unknown): RuntimeFacts => ({
        runtimeVersion: "containerd://unknown",
        notReady: `container runtime is down: ${messageOf(error)}`,
        images: [],
      }),
    );
    if (facts.notReady === undefined || performance.now() > untilMs) return facts;
    await delay(lookEveryMs);
  }
}

async function askRuntime(cri: CriClient): Promise<RuntimeFacts> {
  const [version, { status }, { images }] = await Promise.all([
    cri.runtime.version({}, { timeoutMs: 5000 }),
    cri.runtime.status({}, { timeoutMs: 5000 }),
    cri.images.listImages({}, { timeoutMs: 5000 }),
  ]);
  const failing = (status?.conditions ?? []).filter((condition) => !condition.status);
  return {
    runtimeVersion: `${version.runtimeName}://${version.runtimeVersion}`,
    notReady: failing.length === 0 ? undefined : failing.map((c) => `${c.type}: ${c.reason} ${c.message}`).join("; "),
    images: images
      .map((image) => ({ names: [...image.repoDigests, ...image.repoTags], sizeBytes: Number(image.size) }))
      .toSorted((a, b) => b.sizeBytes - a.sizeBytes),
  };
}
