/** Reads a recipe's input files and notes them, so that a later run sees with a few `stat` calls that nothing changed. */
import { readFile, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";

/**
 * Path, size and modification time; size -1: there was no such file. What lies in this clone of the repository is named relative to it:
 * another clone with the same cache has its own.
 */
export type InputStamp = [path: string, size: number, modifiedMs: number];

const absent = -1;
const root = resolve(import.meta.dirname, "..");

export class Inputs {
  readonly #paths = new Set<string>();

  async read(path: string): Promise<Buffer> {
    this.#paths.add(path);
    return await readFile(path);
  }

  /** The first of `paths` that exists, resolved; the missing ones before it are inputs too. */
  async find(paths: readonly string[]): Promise<string | undefined> {
    for (const path of paths) {
      this.#paths.add(path);
      if ((await stampOf(path))[1] !== absent) return await realpath(path);
    }
    return undefined;
  }

  async stamps(): Promise<InputStamp[]> {
    const names = [...this.#paths]
      .sort()
      .map((path) => (path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path));
    // What is in this directory is known by its content: the recipes' hash has it.
    return await Promise.all(names.filter((name) => !name.startsWith("images/")).map(stampOf));
  }
}

export async function unchanged(stamps: readonly InputStamp[]): Promise<boolean> {
  const current = await Promise.all(stamps.map(([path]) => stampOf(path)));
  return stamps.every(
    ([, size, modifiedMs], index) => size === current[index]?.[1] && modifiedMs === current[index]?.[2],
  );
}

export async function stampOf(path: string): Promise<InputStamp> {
  try {
    const { size, mtimeMs } = await stat(resolve(root, path));
    return [path, size, mtimeMs];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return [path, absent, 0];
  }
}
