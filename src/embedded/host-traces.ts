/** Removes what an instance leaves on the host: processes in its cgroups, the cgroups, mounts, namespaces, bridge, nft tables. */
import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Instance } from "../base/instance.ts";
import { exec } from "../base/exec.ts";
import { bridgeName } from "../cri/containerd/cni.ts";
import { removePodBridge } from "../network/pod-bridge.ts";

const cgroupMount = "/sys/fs/cgroup";
const roundMs = 20;
/** A guest of many gigabytes takes seconds to end on a busy machine; its cgroup cannot be removed before. */
const patienceMs = 60_000;

export async function removeHostTraces(instance: Instance): Promise<void> {
  await endCgroupProcesses(instance.name);
  await unmountBelow(instance.dataDir, instance.runDir);
  await removeCgroups(instance.name);
  await removePodBridge(bridgeName(instance.name));
  await removeTables(instance.name);
}

/** Shims and helpers whose container is gone already; only in cgroups that carry our name. @throws Error when they do not end */
export function endCgroupProcesses(name: string): Promise<void> {
  return endProcesses(async () => (await cgroupDirectories(name)).flatMap(({ pids }) => pids));
}

/** @param look finds those that are left */
export async function endProcesses(look: () => Promise<readonly number[]>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (let signal: NodeJS.Signals = "SIGTERM"; ; signal = "SIGKILL") {
    const pids = new Set(await look());
    if (pids.size === 0) return;
    if (performance.now() > deadlineMs) throw new Error(`processes ${[...pids].join(", ")} do not end`);
    for (const pid of pids) kill(pid, signal);
    await delay(roundMs);
  }
}

export async function removeCgroups(name: string): Promise<void> {
  for (const { path } of (await cgroupDirectories(name)).reverse())
    await rmdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
}

interface CgroupDirectory {
  path: string;
  pids: number[];
}

/** Parents before children, in every hierarchy. */
async function cgroupDirectories(name: string): Promise<CgroupDirectory[]> {
  const mounts = await readdir(cgroupMount);
  const roots = mounts.includes("cgroup.controllers") ? [cgroupMount] : mounts.map((each) => join(cgroupMount, each));
  const trees = await Promise.all([...new Set(roots)].map((root) => walk(join(root, name))));
  return trees.flat();
}

async function walk(path: string): Promise<CgroupDirectory[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return [];
  const pids = await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "");
  const children = await Promise.all(
    entries.filter((each) => each.isDirectory()).map((each) => walk(join(path, each.name))),
  );
  return [{ path, pids: pids.split("\n").filter(Boolean).map(Number) }, ...children.flat()];
}

/** Deepest first. Mount points are octal-escaped in mountinfo. */
export async function unmountBelow(...directories: string[]): Promise<void> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replaceAll(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((path) => directories.some((directory) => path.startsWith(`${directory}/`)));
  for (const path of mounts.reverse()) await exec(["umount", "--lazy", path]);
}

/** The tables that carry the instance's name, whoever of us made them. */
async function removeTables(name: string): Promise<void> {
  const listing = JSON.parse(await exec(["nft", "--json", "list", "tables"])) as {
    nftables: { table?: { family: string; name: string } }[];
  };
  for (const { table } of listing.nftables)
    if (table && (table.name === name || table.name.startsWith(`${name}-`)))
      await exec(["nft", "delete", "table", table.family, table.name]);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
