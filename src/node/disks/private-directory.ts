/**
 * A directory for unfinished files inside one that a guest's QEMU may write to. QEMU could put a link in the place of
 * anything there at any moment; so this one is only ours (root, 0700), is checked once it is open, and is from then on
 * named by its descriptor, which nobody can redirect.
 */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";

export interface PrivateDirectory {
  /** Paths by descriptor: good for this process and, run by the same user, its children. */
  pathOf: (name: string) => string;
  /** The same for a name in the directory around it. */
  pathAround: (name: string) => string;
}

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Runs the work with the directory `name` in `parent`, and takes the directory away again with `file` in it. */
export async function withPrivateDirectory<T>(
  parent: string,
  { name, file }: { name: string; file: string },
  work: (directory: PrivateDirectory) => Promise<T>,
): Promise<T> {
  await using around = await open(parent, directoryFlags);
  const path = join(pathOf(around), name);
  await tolerate("EEXIST", mkdir(path, { mode: 0o700 })); // left by an agent that was killed
  await using own = await open(path, directoryFlags);
  await requireOurs(own, path);
  const unfinished = join(pathOf(own), file);
  await tolerate("ENOENT", unlink(unfinished));
  try {
    return await work({
      pathOf: (each) => join(pathOf(own), each),
      pathAround: (each) => join(pathOf(around), each),
    });
  } finally {
    await tolerate("ENOENT", unlink(unfinished));
    await rmdir(path);
  }
}

function pathOf({ fd }: FileHandle): string {
  return `/proc/${process.pid}/fd/${fd}`;
}

async function requireOurs(directory: FileHandle, path: string): Promise<void> {
  const { uid, mode } = await directory.stat();
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new Error(`${path}: somebody else made it; remove it`);
  }
}

async function tolerate(code: string, work: Promise<unknown>): Promise<void> {
  await work.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== code) throw error;
  });
}
