/**
 * The keys of a Secret or ConfigMap as the kubelet mounts it. The mount is read-only for everybody in the container, so its links are
 * the kubelet's: `KEY -> ..data/KEY`, `..data -> ..TIME`.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export type Files = Record<string, Buffer>;

/** @throws ENOENT when nothing is mounted there */
export async function readMountedFiles(directory: string): Promise<Files> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith(".."));
  const contents = await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const));
  return Object.fromEntries(contents);
}
