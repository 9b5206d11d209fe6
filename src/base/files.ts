/** Files that need not be there, and files that are there whole or not at all. */
import { open, readdir, readFile, rename } from "node:fs/promises";

export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

/** `undefined` when the file or process that the call is about is not there (any more). */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    // Files of /proc answer ESRCH when their process ends while they are read.
    if (isErrno(error, "ENOENT", "ENOTDIR", "ESRCH")) return undefined;
    throw error;
  }
}

export const readTextIfThere = (path: string): Promise<string | undefined> => unlessMissing(readFile(path, "utf8"));

export const listIfThere = async (dir: string): Promise<string[]> => (await unlessMissing(readdir(dir))) ?? [];

/** Readers see the old content or the new, never a part; the mode is there before the content. */
export async function writeAtomically(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  const file = await open(draft, "w", mode);
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
