/**
 * What shows a directory to a guest (src/controllers/virtualmachineinstance/launcher-filesystems.ts): the virtiofsd that Debian has since
 * the release after the one of everything else, because QEMU's own of before asks for capabilities. It needs that release's C library,
 * so it lies in a directory of its own, with its loader and all that it loads:
 *
 *   DIR/ld.so --library-path DIR DIR/virtiofsd
 */
import { join } from "node:path";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { packageOf } from "../debian/architecture.ts";
import { addPrograms, flatName } from "../elf/closure.ts";
import type { Kitchen } from "../recipe.ts";

const directory = "/usr/libexec/vmpod/virtiofs";
const program = packageOf("trixie", "virtiofsd");
const libraries = ["libc6", "libcap-ng0", "libgcc-s1", "libseccomp2"].map((name) => packageOf("trixie", name));

export const virtiofsdPackages = [program, ...libraries];

export async function addVirtiofsd(tree: FileTree, kitchen: Kitchen): Promise<void> {
  const hostPath = `${kitchen.packageRoot(program)}/usr/libexec/virtiofsd`;
  const closure = new FileTree();
  const roots = libraries.map((name) => kitchen.packageRoot(name));
  await addPrograms(closure, kitchen.inputs, [{ hostPath, path: `${directory}/virtiofsd` }], roots);
  for (const entry of closure.entries())
    if (entry.type === "file") tree.executable(join(directory, flatName(entry.path)), entry.content);
}
