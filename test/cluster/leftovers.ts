/** What a cluster would leave on the machine, looked for by the names and addresses that only it has. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../src/base/exec.ts";
import type { ClusterPlan } from "./plan.ts";
import { clusterProcesses } from "./processes.ts";

export interface Leftovers {
  processes: number[];
  links: string[];
  routes: string[];
  mounts: string[];
  cgroups: string[];
  rules: string[];
  directories: string[];
}

export async function findLeftovers(plan: ClusterPlan): Promise<Leftovers> {
  const { name, dir, nodes, serviceCidr } = plan;
  const networks = [...nodes.map(({ podCidr }) => podCidr), serviceCidr, plan.nodeCidr];
  const rules = await Promise.all([exec(["nft", "list", "ruleset"]), exec(["iptables-save"])]);
  const isOurs = (line: string) => networks.some((cidr) => line.includes(cidr.replace(/\.0\.0\/16$|\.0\/24$/, ".")));
  return {
    processes: (await clusterProcesses(name)).map(({ pid }) => pid),
    links: readdirSync("/sys/class/net").filter((link) => link === name),
    routes: lines(await exec(["ip", "route"])).filter((line) => line.includes(` ${name} `) || isOurs(line)),
    mounts: lines(readFileSync("/proc/self/mountinfo", "utf8")).filter((line) => line.includes(` ${dir}/`)),
    cgroups: readdirSync("/sys/fs/cgroup")
      .map((hierarchy) => join("/sys/fs/cgroup", hierarchy, name))
      .filter((path) => existsSync(path)),
    rules: lines(rules.join("\n")).filter(isOurs),
    directories: [dir].filter((path) => existsSync(path)),
  };
}

export async function assertNothingLeft(plan: ClusterPlan): Promise<void> {
  const nothing: Leftovers = {
    processes: [],
    links: [],
    routes: [],
    mounts: [],
    cgroups: [],
    rules: [],
    directories: [],
  };
  assert.deepEqual(await findLeftovers(plan), nothing, `cluster ${plan.number} left something on this machine`);
}

function lines(text: string): string[] {
  return text.split("\n").filter(Boolean);
}
