/**
 * Gives a file in the emptyDir of one launcher a second name in that of another one on the same node: both QEMUs then open
 * the very same file, as they do with a claim, and QEMU's image locks keep them apart. Nothing is copied, and the file
 * lives on when the first pod is removed.
 *
 * Both directories may be written to by a guest's QEMU: they are opened without following links and named by their descriptors, and
 * a hard link to a symbolic link is that link itself, which whoever opens the disk refuses.
 */
import { constants } from "node:fs";
import { type FileHandle, link, open, unlink } from "node:fs/promises";
import { emptyDirOf } from "./empty-dir.ts";

export interface SharedFile {
  kubeletRoot: string;
  /** Uids of the pods. */
  from: string;
  to: string;
  /** Name of the emptyDir in both. */
  volume: "run" | "disks";
  name: string;
  /** Its name in the second. Default: the same. */
  as?: string;
}

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export async function shareFile({ kubeletRoot, from, to, volume, name, as = name }: SharedFile): Promise<void> {
  await using source = await open(emptyDirOf(kubeletRoot, from, volume), directoryFlags);
  await using target = await open(emptyDirOf(kubeletRoot, to, volume), directoryFlags);
  await unlinkIfThere(within(target, as));
  await link(within(source, name), within(target, as));
}

/** Takes the second name away again. */
export async function unshareFile({ kubeletRoot, to, volume, name, as = name }: SharedFile): Promise<void> {
  await using target = await open(emptyDirOf(kubeletRoot, to, volume), directoryFlags);
  await unlinkIfThere(within(target, as));
}

function within({ fd }: FileHandle, name: string): string {
  return `/proc/${process.pid}/fd/${fd}/${name}`;
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
