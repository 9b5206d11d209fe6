/** Which disks' files are there, as QEMU will open them. Reads only. */
import { lstat, readdir } from "node:fs/promises";
import { posix } from "node:path";
import { runtimeUser } from "../../../api/kubevirt/names.ts";
import { TerminalError } from "../../base/errors.ts";
import type { BlockSize, DiskImage } from "../../qemu/devices/device.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { hostPathOf } from "../process/container-files.ts";
import { readBlockSize } from "./block-size.ts";
import type { DiskSource, NamedSource } from "./disk-source.ts";
import { readImageHeader } from "./image-header.ts";

export interface DiskObservation extends NamedSource {
  /** Absent: still to be made. */
  image: DiskImage | undefined;
  /** Where the disk is to have that of what it is made of. */
  blockSize?: BlockSize;
}

export async function observeDisk(pid: number, disk: NamedSource): Promise<DiskObservation> {
  const image = await observeImage(pid, disk.source, disk.volume);
  const blockSize = disk.matchBlockSize && image && (await readBlockSize(hostPathOf(pid, image.path)));
  return { ...disk, image, ...(blockSize && { blockSize }) };
}

async function observeImage(pid: number, source: DiskSource, volume: string): Promise<DiskImage | undefined> {
  if (source.type === "claim") return observeClaim(pid, source, volume);
  if (source.type === "hostDisk") return observeHostDisk(pid, source, volume);
  if (!(await kindOf(hostPathOf(pid, source.path), volume))) return undefined;
  if (source.type === "containerDisk") {
    return { format: "qcow2", path: source.path, backing: await findBacking(pid, source, volume) };
  }
  if (source.type === "claimOverlay") {
    const backing = await observeClaim(pid, { ...source, path: source.base }, volume);
    return backing && { format: "qcow2", path: source.path, backing };
  }
  return { format: source.type === "emptyDisk" ? "qcow2" : "raw", path: source.path };
}

async function observeClaim(
  pid: number,
  source: { device: string; path: string },
  volume: string,
): Promise<DiskImage | undefined> {
  const device = hostPathOf(pid, source.device);
  if ((await kindOf(device, volume)) === "blockDevice") {
    const isUsable = (await lstat(device)).uid === runtimeUser;
    return isUsable ? { format: "raw", path: source.device, blockDevice: true } : undefined;
  }
  return (await kindOf(hostPathOf(pid, source.path), volume)) ? { format: "raw", path: source.path } : undefined;
}

/** An existing file stays whose it is: to give it to QEMU is its owner's to decide. */
async function observeHostDisk(
  pid: number,
  { path, hostPath }: Extract<DiskSource, { type: "hostDisk" }>,
  volume: string,
): Promise<DiskImage | undefined> {
  const file = hostPathOf(pid, path);
  const kind = await kindOf(file, volume);
  if (kind === undefined) return undefined;
  const refuse = (why: string): never => {
    throw new TerminalError("InvalidVolume", `volume ${volume}: ${hostPath} ${why}`);
  };
  if (kind !== "file") return refuse("is no regular file");
  const { uid, mode } = await lstat(file);
  const isUsable = uid === runtimeUser || (mode & 0o006) === 0o006;
  return isUsable ? { format: "raw", path } : refuse(`belongs to user ${uid}: chown it to ${runtimeUser} on the node`);
}

/** The file in the image that the disk is based on: the one named, or the first in its directory. */
export async function findBacking(
  pid: number,
  source: Extract<DiskSource, { type: "containerDisk" }>,
  volume: string,
): Promise<DiskImage & { virtualBytes: number }> {
  const directory = hostPathOf(pid, source.directory);
  const kind = await kindOfImagePath(pid, source.directory, volume);
  const names = kind === "directory" ? (await readdir(directory)).sort() : [];
  const file = source.file ?? names[0];
  if (file === undefined || !names.includes(file)) {
    throw new TerminalError(
      "InvalidContainerDisk",
      `volume ${volume}: the image has no ${source.file ? `file ${source.file}` : "disk"} in ${imagePathOf(source, volume)}; a containerDisk image carries its disk there`,
    );
  }
  const path = posix.join(directory, file);
  if ((await kindOf(path, volume)) !== "file") {
    throw new TerminalError("InvalidContainerDisk", `volume ${volume}: ${file} in the image is not a regular file`);
  }
  const { format, virtualBytes } = await readImageHeader(path);
  return { format, virtualBytes, path: posix.join(source.directory, file) };
}

function imagePathOf({ directory }: { directory: string }, volume: string): string {
  return directory.slice(directory.indexOf(`/${volume}/`) + volume.length + 1);
}

/** Every directory on the way is looked at: who made the image may have put a link anywhere. */
async function kindOfImagePath(pid: number, directory: string, volume: string): ReturnType<typeof kindOf> {
  const root = posix.join(launcherPaths.containerDisks, volume);
  const names = posix.relative(root, directory).split("/").filter(Boolean);
  let kind = await kindOf(hostPathOf(pid, root), volume);
  for (const [index] of names.entries()) {
    if (kind !== "directory") return kind;
    kind = await kindOf(hostPathOf(pid, posix.join(root, ...names.slice(0, index + 1))), volume);
  }
  return kind;
}

/** A symbolic link is refused: it would lead us, who run as root, to wherever its author likes. */
async function kindOf(path: string, volume: string): Promise<"file" | "directory" | "blockDevice" | undefined> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) {
      throw new TerminalError("InvalidVolume", `volume ${volume}: ${posix.basename(path)} is a symbolic link`);
    }
    if (stats.isBlockDevice()) return "blockDevice";
    if (stats.isDirectory()) return "directory";
    if (stats.isFile()) return "file";
    throw new TerminalError(
      "InvalidVolume",
      `volume ${volume}: ${posix.basename(path)} is no file, but a device or pipe`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
