/**
 * Takes a cluster off the machine, whatever is there of it: it needs nothing but the number, so it also cleans up after an `up`
 * that failed half-way or was killed. Mounts, network namespaces, rules and most links go with the processes.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { exec } from "../../src/base/exec.ts";
import { isErrno } from "../../src/base/files.ts";
import { endCgroupProcesses, removeCgroups, unmountBelow } from "../../src/embedded/host-traces.ts";
import type { ClusterPlan } from "./plan.ts";
import { clusterProcesses, killProcesses } from "./processes.ts";

const attempts = 300;

export async function removeCluster(plan: ClusterPlan): Promise<void> {
  await killCluster(plan);
  await endCgroupProcesses(plan.name);
  await removeLink(plan.name);
  await unmountBelow(plan.dir);
  await eventually(() => removeCgroups(plan.name));
  await eventually(() => rm(plan.dir, { recursive: true, force: true }));
}

/** Again until none is found: a program that is just being started may be missed once. */
async function killCluster({ name }: ClusterPlan): Promise<void> {
  for (;;) {
    const found = await clusterProcesses(name);
    if (found.length === 0) return;
    await killProcesses(found);
  }
}

/** Routes over a link go with it. The kernel may be removing it already, with the namespace at its other end. */
async function removeLink(name: string): Promise<void> {
  if (!existsSync(`/sys/class/net/${name}`)) return;
  await exec(["ip", "link", "delete", name]).catch((error: unknown) => {
    if (existsSync(`/sys/class/net/${name}`)) throw error;
  });
}

/** The kernel takes its time to let go of what dead processes used. */
async function eventually(remove: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await remove();
    } catch (error) {
      if (attempt === attempts || !isErrno(error, "EBUSY", "ENOTEMPTY")) throw error;
      await delay(100);
    }
  }
}
