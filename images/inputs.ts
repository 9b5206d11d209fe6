/** Reads a recipe's input files and notes them, so that a later run sees with a few `stat` calls that nothing changed. */
import { readFile, realpath, stat } from "node:fs/promises";

/** Path, size and modification time; size -1: there was no such file. */
export type InputStamp = [path: string, size: number, modifiedMs: number];

const absent = -1;

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
    return await Promise.all([...this.#paths].sort().map(stampOf));
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
    const { size, mtimeMs } = await stat(path);
    return [path, size, mtimeMs];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return [path, absent, 0];
  }
}
