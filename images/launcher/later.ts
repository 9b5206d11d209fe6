/**
 * Programs of the release after the one of everything else. They need that release's C library, so each lies in a directory of its own, with
 * its loader and all that it loads:
 *
 *   DIR/ld.so --library-path DIR DIR/PROGRAM
 */
import { basename, join } from "node:path";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { packageOf } from "../debian/architecture.ts";
import { addPrograms, flatName } from "../elf/closure.ts";
import type { Kitchen } from "../recipe.ts";

export interface LaterProgram {
  /** Debian's names of its package, and of the packages with what it loads. */
  packageName: string;
  libraries: readonly string[];
  /** Where it is in its package. */
  path: string;
  /** Where it goes in the image. */
  directory: string;
}

export function packagesOf({ packageName, libraries }: LaterProgram): string[] {
  return [packageName, ...libraries].map(ofLaterRelease);
}

export async function addLaterProgram(tree: FileTree, kitchen: Kitchen, program: LaterProgram): Promise<void> {
  const { packageName, libraries, path, directory } = program;
  const hostPath = kitchen.packageRoot(ofLaterRelease(packageName)) + path;
  const closure = new FileTree();
  const roots = libraries.map((name) => kitchen.packageRoot(ofLaterRelease(name)));
  await addPrograms(closure, kitchen.inputs, [{ hostPath, path: join(directory, basename(path)) }], roots);
  for (const entry of closure.entries())
    if (entry.type === "file") tree.executable(join(directory, flatName(entry.path)), entry.content);
}

const ofLaterRelease = (name: string): string => packageOf("trixie", name);
