/**
 * The files of a Secret, ConfigMap, token or downward API volume as the kubelet mounts it, by their paths. The mount is read-only for everybody
 * in the container, so its links are the kubelet's: `KEY -> ..data/KEY`, `..data -> ..TIME`.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

export type Files = Record<string, Buffer>;

/** @throws ENOENT when nothing is mounted there */
export async function readMountedFiles(directory: string): Promise<Files> {
  return Object.fromEntries(await filesBelow(directory, ""));
}

async function filesBelow(directory: string, prefix: string): Promise<(readonly [string, Buffer])[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith(".."));
  const found = names.map(async (name) => {
    const path = join(directory, name);
    if ((await stat(path)).isDirectory()) return filesBelow(path, `${prefix}${name}/`);
    return [[`${prefix}${name}`, await readFile(path)] as const];
  });
  return (await Promise.all(found)).flat();
}
