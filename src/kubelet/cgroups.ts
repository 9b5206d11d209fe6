/** The cgroups that hold our pods: the runtime makes them, and leaves their empty parents to us. */
import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isErrno, listIfThere } from "../base/files.ts";

const mountPoint = "/sys/fs/cgroup";

/** Removes a cgroup of ours and everything below it in every hierarchy; all of them are empty of processes. */
export async function removeCgroups(path: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    await removeTree(join(hierarchy, path));
  }
}

/** On cgroup v1 one directory per controller, on v2 the mount point itself. */
async function hierarchies(): Promise<string[]> {
  const entries = await listIfThere(mountPoint);
  return entries.includes("cgroup.controllers") ? [mountPoint] : entries.map((name) => join(mountPoint, name));
}

async function removeTree(dir: string): Promise<void> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
      await removeTree(join(dir, entry.name));
    }
    await rmdir(dir);
  } catch (error) {
    // Controllers that are mounted together are one hierarchy under two names.
    if (!isErrno(error, "ENOENT", "ENOTDIR")) {
      throw error;
    }
  }
}
