/**
 * What copies a disk out of an image that has no shell, no loader and no library (src/controllers/virtualmachineinstance/launcher/copies.ts):
 * GNU cp, because it leaves holes in what it writes, and a shell, with all that they load, in one directory. There they are links
 * into the image; copied with their contents they run wherever the directory is:
 *
 *   DIR/ld.so --library-path DIR DIR/busybox sh DIR/copy-disk SOURCE... TARGET
 */
import { join } from "node:path";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { addPrograms, flatName } from "../elf/closure.ts";
import type { Kitchen } from "../recipe.ts";

const directory = "/usr/libexec/vmpod/copier";

export async function addCopier(tree: FileTree, kitchen: Kitchen): Promise<void> {
  const programs = [
    { hostPath: "/bin/cp", path: `${directory}/cp` },
    { hostPath: `${kitchen.packageRoot("busybox")}/bin/busybox`, path: "/usr/bin/busybox" },
  ];
  const closure = new FileTree();
  await addPrograms(closure, kitchen.inputs, programs, [""]);
  await addPrograms(tree, kitchen.inputs, programs, [""]);
  for (const { path } of closure.entries().filter(({ type }) => type === "file")) {
    if (!path.startsWith(directory)) tree.symlink(join(directory, flatName(path)), path);
  }
  const script = await kitchen.inputs.read(join(import.meta.dirname, "copy-disk.sh"));
  tree.executable(join(directory, "copy-disk"), script);
}
