import { copyFile, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { parse, stringify } from "yaml";
import { readTextIfThere, writeAtomically } from "../../base/files.ts";
import { instanceKubeconfig } from "../kubeconfig/find.ts";
import { type KubeconfigFile, mergeKubeconfig } from "../kubeconfig/merge.ts";
import { examples, type GlobalOptions } from "../program.ts";

interface KubeconfigOptions extends GlobalOptions {
  merge?: boolean;
  path?: boolean;
  runDir?: string;
}

export function define(command: Command): void {
  command
    .option("--merge", "add it to ~/.kube/config (a copy of the old file is kept) and make it the current context")
    .option("--path", "print only where the file is")
    .option("--run-dir <directory>", "run directory of the instance, when it is not the usual one")
    .action(() => kubeconfig(command.optsWithGlobals<KubeconfigOptions>()));
  examples(
    command,
    ["Use it in this shell", 'export KUBECONFIG="$(vmpod kubeconfig --path)"'],
    ["Take it to another machine", "vmpod kubeconfig > vmpod.yaml"],
    ["Make kubectl use it everywhere", "vmpod kubeconfig --merge"],
  );
}

async function kubeconfig({ kubeconfig: flag, merge, path: onlyPath, runDir }: KubeconfigOptions): Promise<void> {
  const path = flag ?? instanceKubeconfig(runDir);
  if (!path)
    throw new Error("no vmpod runs on this machine, or it is not yours to read: `vmpod up` starts one (as root)");
  const text = await readFile(path, "utf8");
  if (onlyPath) console.log(path);
  else if (merge) await mergeInto(join(homedir(), ".kube", "config"), text);
  else process.stdout.write(text);
}

async function mergeInto(target: string, addedText: string): Promise<void> {
  const existing = await readTextIfThere(target);
  const added = parse(addedText) as KubeconfigFile;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  if (existing !== undefined) {
    const backup = `${target}.before-vmpod-${new Date().toISOString().replaceAll(":", "")}`;
    await copyFile(target, backup);
    console.log(`Kept the old file as ${backup}`);
  }
  const merged = mergeKubeconfig((parse(existing ?? "") ?? {}) as KubeconfigFile, added);
  await writeAtomically(target, stringify(merged), 0o600);
  console.log(`Added context ${JSON.stringify(added["current-context"])} to ${target}; it is the current one`);
}
