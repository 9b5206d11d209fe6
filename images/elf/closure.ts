/** Adds programs with every library they need, and the loader, to an image. */
import { basename, dirname } from "node:path";
import type { FileTree } from "../../src/storage/oci/file-tree.ts";
import { type Architecture, multiarchName } from "../debian/architecture.ts";
import type { Inputs } from "../inputs.ts";
import { elfNeeds } from "./needed.ts";

export interface Program {
  /** Where it is on this machine. */
  hostPath: string;
  /** Where it goes in the image. */
  path: string;
}

/**
 * @param roots where to look for libraries, in order: unpacked packages first, "" for the host.
 * @param architecture what the programs are compiled for.
 */
export async function addPrograms(
  tree: FileTree,
  inputs: Inputs,
  programs: readonly Program[],
  roots: readonly string[],
  architecture: Architecture = "amd64",
): Promise<void> {
  for (const program of programs) await addProgram(tree, inputs, program, { roots, architecture });
}

interface Origin {
  roots: readonly string[];
  architecture: Architecture;
}

async function addProgram(tree: FileTree, inputs: Inputs, program: Program, origin: Origin): Promise<void> {
  if (tree.has(program.path)) return;
  const content = await inputs.read(program.hostPath);
  tree.executable(program.path, content);
  const needs = elfNeeds(content);
  if (!needs) return;
  if (needs.interpreter !== undefined) await addInterpreter(tree, inputs, needs.interpreter, origin.roots);
  for (const library of needs.libraries) {
    const found = await findLibrary(inputs, library, { program, runPath: needs.runPath, ...origin });
    await addProgram(tree, inputs, found, origin);
  }
}

/** `/lib64` is a symlink to `usr/lib64` in our images, as on the host. */
async function addInterpreter(tree: FileTree, inputs: Inputs, path: string, roots: readonly string[]): Promise<void> {
  const imagePath = path.replace(/^\/lib/, "/usr/lib");
  if (tree.has(imagePath)) return;
  const hostPath = await inputs.find(roots.flatMap((root) => [root + path, root + imagePath]));
  if (hostPath === undefined)
    throw new Error(`no loader ${path} under any of: ${roots.map((root) => root || "/").join(", ")}`);
  tree.executable(imagePath, await inputs.read(hostPath));
}

interface Search extends Origin {
  program: Program;
  runPath: readonly string[];
}

async function findLibrary(inputs: Inputs, name: string, search: Search): Promise<Program> {
  const { program, runPath, roots, architecture } = search;
  for (const directory of runPath) {
    const hostPath = await inputs.find(hostDirectories(directory, search).map((each) => `${each}/${name}`));
    const imageDirectory = directory.replace("$ORIGIN", dirname(program.path));
    if (hostPath !== undefined) return { hostPath, path: `${imageDirectory}/${name}` };
  }
  const directory = `/lib/${multiarchName[architecture]}`;
  const candidates = roots.flatMap((root) => [`${root}/usr${directory}/${name}`, `${root}${directory}/${name}`]);
  const hostPath = await inputs.find(candidates);
  if (hostPath === undefined) {
    throw new Error(`${program.hostPath} needs ${name}, which is in none of: ${candidates.join(", ")}`);
  }
  return { hostPath, path: `/usr${directory}/${name}` };
}

/** A path that is not the program's own begins where its package, or one that it depends on, is unpacked. */
function hostDirectories(directory: string, { program, roots }: Search): string[] {
  if (directory.includes("$ORIGIN")) return [directory.replace("$ORIGIN", dirname(program.hostPath))];
  return [...roots, ""].map((root) => root + directory);
}

/** What a library or the loader is called where all lie in one directory. The loader's own name says of which architecture it is. */
export function flatName(path: string): string {
  return basename(path).startsWith("ld-linux") ? "ld.so" : basename(path);
}
