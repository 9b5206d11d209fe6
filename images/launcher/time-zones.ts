/** The zones by which QEMU can set a machine's clock: without those that count leap seconds, and the second names of all. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FileTree } from "../../src/storage/oci/file-tree.ts";
import type { Kitchen } from "../recipe.ts";

const home = "/usr/share/zoneinfo";
/** What each file of a zone begins with. */
const magic = "TZif";

export async function addTimeZones(tree: FileTree, kitchen: Kitchen): Promise<void> {
  const directory = `${kitchen.packageRoot("tzdata")}${home}`;
  const paths = (await readdir(directory, { recursive: true })).filter((path) => /^[A-Z]/.test(path)).sort();
  for (const path of paths) await addZone(tree, kitchen, join(directory, path), `${home}/${path}`);
}

async function addZone(tree: FileTree, { inputs }: Kitchen, hostPath: string, path: string): Promise<void> {
  const content = await inputs.read(hostPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EISDIR") return undefined;
    throw error;
  });
  if (content?.toString("latin1", 0, magic.length) === magic) tree.file(path, content);
}
