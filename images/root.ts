import type { FileTree } from "../src/storage/oci/file-tree.ts";

/** Debian's layout: /bin, /sbin, /lib and /lib64 are links into /usr. */
export function mergedUsr(tree: FileTree): FileTree {
  for (const name of ["bin", "sbin", "lib", "lib64"]) tree.directory(`/usr/${name}`).symlink(`/${name}`, `usr/${name}`);
  for (const name of ["dev", "proc", "sys", "run", "etc"]) tree.directory(`/${name}`);
  return tree;
}
