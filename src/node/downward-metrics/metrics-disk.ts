/**
 * vhostmd's disk: a guest reads it raw, at any moment, also while it is written.
 *
 *   0  "mvbd"   4  1 while it is written, else 0   8  sum of the content's bytes   12  its length   16  content
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { TerminalError } from "../../base/errors.ts";

export const metricsDiskBytes = 256 * 1024;
const headerBytes = 16;
const signature = 0x6d766264;

/** The header of content, with the mark of one that is being written if it is. */
export function metricsHeader(content: Buffer, isBusy: boolean): Buffer {
  const header = Buffer.alloc(headerBytes);
  const sum = content.reduce((total, byte) => total + byte, 0);
  [signature, isBusy ? 1 : 0, sum % 2 ** 32, content.length].forEach((value, index) =>
    header.writeUInt32BE(value, index * 4),
  );
  return header;
}

export function metricsDisk(content: string): Buffer {
  const bytes = Buffer.from(content);
  if (bytes.length > metricsDiskBytes - headerBytes) throw new RangeError(`metrics of ${bytes.length} bytes`);
  const disk = Buffer.alloc(metricsDiskBytes);
  disk.set(metricsHeader(bytes, false));
  disk.set(bytes, headerBytes);
  return disk;
}

/** The file is where QEMU may write: a link that it put in its place is not followed. @throws ENOENT, ELOOP */
export async function rewriteMetricsDisk(path: string, content: string): Promise<void> {
  const disk = metricsDisk(content);
  const flags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using file = await open(path, flags);
  const stats = await file.stat();
  if (!stats.isFile() || stats.nlink !== 1) throw new TerminalError("InvalidVolume", "the metrics' file was replaced");
  const body = disk.subarray(headerBytes);
  await file.write(metricsHeader(Buffer.from(content), true), 0, headerBytes, 0);
  await file.write(body, 0, body.length, headerBytes);
  await file.write(disk, 0, headerBytes, 0);
}
