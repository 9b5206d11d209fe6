/** `vmpod status`: what runs of an instance, and what runs in it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import pc from "picocolors";
import { type Pod, pods } from "../../api/core.ts";
import { virtualMachines } from "../../api/kubevirt/resources.ts";
import { type Instance, pathsOf } from "../base/instance.ts";
import { messageOf } from "../base/errors.ts";
import { createClient } from "../client/create-client.ts";
import { loadKubeconfig } from "../client/kubeconfig.ts";
import { findContainerd } from "../cri/containerd/start.ts";
import { containerdPaths } from "../embedded/containerd.ts";
import { findProcess } from "../embedded/process-record.ts";
import { readState } from "../embedded/state-file.ts";
import { addLocationFlags, existingInstance } from "./instance-flags.ts";

export async function run(argv: string[]): Promise<number> {
  let exitCode = 0;
  const command = addLocationFlags(new Command("vmpod status"))
    .summary("show what runs on this machine")
    .description("Shows vmpod's processes on this machine and counts the machines and containers that run.")
    .addHelpText("after", "\nExit code: 0 when everything runs, 3 when vmpod is down or a part of it is.");
  command.action(async (flags: { dataDir: string; runDir: string }) => {
    exitCode = await show(existingInstance(flags));
  });
  await command.parseAsync(argv, { from: "user" });
  return exitCode;
}

const notRunning = 3;

async function show(instance: Instance): Promise<number> {
  if (!readState(pathsOf(instance).instanceFile)) {
    console.log(`vmpod is down (nothing in ${instance.runDir}); start it with \`vmpod up\``);
    return notRunning;
  }
  const processes = ["supervisor", "apiserver", "controller", "agent"].map((name) => ({
    name,
    pid: findProcess(join(pathsOf(instance).pids, name))?.pid,
  }));
  const all = [...processes, { name: "containerd", pid: findContainerd(containerdPaths(instance)) }];
  for (const { name, pid } of all)
    console.log(
      `${name.padEnd(12)} ${pid === undefined ? pc.red("not running") : `${pc.green("running")}  pid ${pid}`}`,
    );
  console.log(`${"qemu".padEnd(12)} ${countQemu(instance)} processes`);
  console.log(`${"api".padEnd(12)} ${await describeApi(instance)}`);
  const missing = all.filter(({ pid }) => pid === undefined).map(({ name }) => name);
  if (missing.length === 0) return 0;
  console.log(whoStarts(missing));
  return notRunning;
}

/** The agent brings the supervisor back, and the supervisor everything else; with both gone nobody is left who may. */
function whoStarts(missing: readonly string[]): string {
  return missing.includes("supervisor") && missing.includes("agent")
    ? "start vmpod again with `vmpod up --detach`: guests and containers go on meanwhile, and it takes them over"
    : "what is missing is started again within seconds; `vmpod status` shows it then";
}

async function describeApi(instance: Instance): Promise<string> {
  const kubeconfig = pathsOf(instance).kubeconfig("admin");
  const client = createClient(await loadKubeconfig(kubeconfig));
  const signal = AbortSignal.timeout(5_000);
  try {
    const [machines, allPods] = await Promise.all([
      client.list(virtualMachines, { signal }),
      client.list(pods, { signal }),
    ]);
    const running = machines.items.filter(({ status }) => status?.printableStatus === "Running").length;
    const counts = `${running} of ${machines.items.length} machines and ${countRunning(allPods.items)} of ${allPods.items.length} pods run`;
    return `https://127.0.0.1:${instance.apiPort}, ${counts}\n${"kubeconfig".padEnd(12)} ${kubeconfig}`;
  } catch (error) {
    return pc.red(`https://127.0.0.1:${instance.apiPort} does not answer: ${messageOf(error)}`);
  } finally {
    client.close();
  }
}

function countRunning(all: readonly Pod[]): number {
  return all.filter(({ status }) => status?.phase === "Running").length;
}

/** By cgroup, so that another instance's guests and those of other programs do not count. */
function countQemu({ name }: Instance): number {
  const isOurs = (pid: string) =>
    readProc(pid, "comm").startsWith("qemu-system") && readProc(pid, "cgroup").includes(`/${name}/`);
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isOurs(pid)).length;
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it ended while we looked
  }
}
