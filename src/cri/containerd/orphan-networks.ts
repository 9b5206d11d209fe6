/**
 * Removes pod networks that containerd forgot. It makes a pod's network namespace and has an address assigned before it
 * notes the sandbox; when it dies in between, nothing of it would ever remove these two.
 *
 *   RunPodSandbox: namespace made --> address assigned --> container record --> task
 *                                 `------- dies here: both are orphans
 *
 * The container record names the namespace, and the address file names the container. A sandbox that is just being made
 * looks the same, hence the least age.
 */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { exec } from "../../base/exec.ts";
import { listIfThere, readTextIfThere, unlessMissing } from "../../base/files.ts";
import { createLogger } from "../../base/log.ts";
import type { CriClient } from "../client.ts";
import type { Container } from "../gen/containerd/services/containers/v1/containers.gen.ts";
import { addressesDir, namespacesDir, stateDirOf } from "./config.ts";

const log = createLogger("cri");

/** @returns how many namespaces and addresses were removed */
export async function removeOrphanNetworks(cri: CriClient, socketPath: string, leastAgeMs: number): Promise<number> {
  const stateDir = stateDirOf(socketPath);
  // Before the records are read: what is made meanwhile is not looked at.
  const namespaces = await olderThan(leastAgeMs, namespacesDir(stateDir), /^cni-/);
  const [network = ""] = await listIfThere(addressesDir(stateDir));
  const addresses = await olderThan(leastAgeMs, join(addressesDir(stateDir), network), /^[0-9a-f.:]+$/);
  if (namespaces.length + addresses.length === 0) {
    return 0;
  }
  const { containers } = await cri.containers.list({});
  const removed = [
    ...(await removeNamespaces(namespaces, new Set(containers.map(networkNamespaceOf)))),
    ...(await removeAddresses(addresses, new Set(containers.map(({ id }) => id)))),
  ];
  if (removed.length > 0) log.warn({ removed }, "removed pod networks that containerd does not know");
  return removed.length;
}

async function removeNamespaces(paths: string[], known: ReadonlySet<string | undefined>): Promise<string[]> {
  const orphans = paths.filter((path) => !known.has(path));
  for (const path of orphans) {
    // Not mounted when containerd died right after it made the file.
    if (await isMountPoint(path)) await exec(["umount", path]);
    await rm(path, { force: true });
  }
  return orphans;
}

async function isMountPoint(path: string): Promise<boolean> {
  const mounts = (await readTextIfThere("/proc/self/mountinfo")) ?? "";
  return mounts.split("\n").some((line) => line.split(" ")[4] === path);
}

/** host-local's files: the name is the address, the first line the container that has it. */
async function removeAddresses(paths: string[], known: ReadonlySet<string>): Promise<string[]> {
  const removed: string[] = [];
  for (const path of paths) {
    const owner = (await readTextIfThere(path))?.split("\n")[0]?.trim();
    if (owner === undefined || known.has(owner)) continue;
    await rm(path, { force: true });
    removed.push(path);
  }
  return removed;
}

interface RuntimeSpec {
  linux?: { namespaces?: { type: string; path?: string }[] };
}

function networkNamespaceOf({ spec }: Container): string | undefined {
  const text = new TextDecoder().decode(spec?.value);
  const { linux } = (text === "" ? {} : JSON.parse(text)) as RuntimeSpec;
  return linux?.namespaces?.find(({ type }) => type === "network")?.path;
}

async function olderThan(leastAgeMs: number, dir: string, name: RegExp): Promise<string[]> {
  const names = (await listIfThere(dir)).filter((entry) => name.test(entry));
  const paths = names.map((entry) => join(dir, entry));
  const ages = await Promise.all(paths.map(ageOf));
  return paths.filter((_, index) => (ages[index] ?? -1) >= leastAgeMs);
}

/** Of a mounted namespace too: its inode is as old as the mount. */
async function ageOf(path: string): Promise<number | undefined> {
  const found = await unlessMissing(stat(path));
  return found && Date.now() - found.mtimeMs;
}
