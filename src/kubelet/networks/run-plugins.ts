/** Runs CNI plugins (containernetworking/cni, SPEC.md): configuration on standard input, the rest in the environment. */
import { exec } from "../../base/exec.ts";
import type { CniPlugin } from "./cni-plugins.ts";

/** One interface of one sandbox. */
export interface CniTarget {
  sandboxId: string;
  /** Empty when the namespace is gone: plugins then give back what is elsewhere, e.g. addresses. */
  netnsPath: string;
  interface: string;
}

const pluginDir = "/usr/lib/cni";
const timeoutMs = 30_000;

/** @returns what the last plugin answered @throws CommandError */
export async function addInterface(target: CniTarget, plugins: readonly CniPlugin[]): Promise<unknown> {
  let prevResult: unknown;
  for (const plugin of plugins) {
    const answer = await run("ADD", target, { ...plugin, ...(prevResult !== undefined && { prevResult }) });
    prevResult = JSON.parse(answer);
  }
  return prevResult;
}

/** Also when it is only partly there, or not at all. @throws CommandError */
export async function deleteInterface(target: CniTarget, plugins: readonly CniPlugin[]): Promise<void> {
  for (const plugin of plugins.toReversed()) await run("DEL", target, plugin);
}

/** Plugins say on standard output what went wrong. */
const complainOnStderr = 'answer=$("$0") && printf %s "$answer" || { code=$?; printf %s "$answer" >&2; exit $code; }';

function run(command: "ADD" | "DEL", target: CniTarget, plugin: CniPlugin): Promise<string> {
  return exec(["sh", "-c", complainOnStderr, `${pluginDir}/${plugin.type}`], {
    input: JSON.stringify(plugin),
    timeoutMs,
    env: {
      PATH: process.env["PATH"],
      CNI_COMMAND: command,
      CNI_CONTAINERID: target.sandboxId,
      CNI_NETNS: target.netnsPath,
      CNI_IFNAME: target.interface,
      CNI_PATH: pluginDir,
    },
  });
}
