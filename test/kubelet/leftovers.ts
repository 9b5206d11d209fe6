/** What a node leaves on the machine, removed and checked. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../src/base/errors.ts";
import { exec } from "../../src/base/exec.ts";
import type { ContainerdPaths } from "../../src/cri/containerd/config.ts";
import { containerdSocket } from "../../src/cri/containerd/config.ts";
import { removeNode } from "./remove-node.ts";

export interface Place {
  instance: string;
  containerd: ContainerdPaths;
  rootDir: string;
}

export async function removeEverything(place: Place): Promise<void> {
  const { instance, rootDir } = place;
  await removeNode({ criSocket: containerdSocket(place.containerd), instance, rootDir });
  await assertNothingLeft(place);
}

export async function assertNothingLeft({ instance, containerd, rootDir }: Place): Promise<void> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const ours = mounts.filter((line) => line.includes(` ${rootDir}`) || line.includes(` ${containerd.stateDir}`));
  assert.deepEqual(ours, [], "mounts are left");
  assert.deepEqual(processesNaming(containerdSocket(containerd), "containerd-shim"), [], "shims are left");
  assert.ok(!existsSync(`/sys/class/net/${instance}0`), "the bridge is left");
  assert.ok(!(await nftTables()).includes(`inet ${instance}-pods`), "the nft table is left");
  assert.deepEqual(cgroupsNamed(instance), [], "cgroups are left");
}

function processesNaming(...words: string[]): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    const path = `/proc/${pid}/cmdline`;
    const line = existsSync(path) ? readFileSync(path, "utf8") : "";
    return words.every((word) => line.includes(word));
  });
}

async function nftTables(): Promise<string> {
  try {
    return await exec(["nft", "list", "tables"]);
  } catch (error) {
    assert.ok(error instanceof CommandError);
    return "";
  }
}

function cgroupsNamed(instance: string): string[] {
  const base = "/sys/fs/cgroup";
  return readdirSync(base)
    .map((hierarchy) => join(base, hierarchy, instance))
    .filter((path) => existsSync(path));
}
