/** What the kernel says of a disk's file or device: how large it is, and in which blocks it is kept. */
import { lstat, readFile } from "node:fs/promises";
import { unlessMissing } from "../../base/files.ts";
import type { BlockSize } from "../../qemu/devices/device.ts";

const sectorBytes = 512;

/** Undefined when there is nothing, or neither a file nor a block device. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const stats = await unlessMissing(lstat(path));
  if (stats?.isFile()) return stats.size;
  if (!stats?.isBlockDevice()) return undefined;
  return sectorBytes * Number(await readFile(`${directoryOf(stats.rdev)}/size`, "utf8"));
}

/** Those of the device, or of the file system that the file is on. @throws ENOENT */
export async function readBlockSize(path: string): Promise<BlockSize> {
  const stats = await lstat(path);
  if (!stats.isBlockDevice()) return { logical: stats.blksize, physical: stats.blksize };
  const [logical, physical] = await Promise.all(
    ["logical_block_size", "physical_block_size"].map((name) => readQueue(stats.rdev, name)),
  );
  return { logical: logical ?? 512, physical: physical ?? 512 };
}

/** A partition has the queue of its disk. */
async function readQueue(device: number, name: string): Promise<number> {
  const read = async (queue: string) => Number(await readFile(`${directoryOf(device)}/${queue}/${name}`, "utf8"));
  return await read("queue").catch(() => read("../queue"));
}

function directoryOf(device: number): string {
  return `/sys/dev/block/${majorOf(device)}:${minorOf(device)}`;
}

/** As glibc's `gnu_dev_major` and `gnu_dev_minor`, for the numbers that Linux gives. */
const majorOf = (device: number): number => Math.floor(device / 256) % 4096;
const minorOf = (device: number): number => (device % 256) + Math.floor(device / 2 ** 20) * 256;
