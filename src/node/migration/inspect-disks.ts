/** What the target must know of the source's disks before it can make room for them. Reads only. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { MovedDisk, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { DiskSource, NamedSource } from "../disks/disk-source.ts";
import { findBacking } from "../disks/observe-disk.ts";
import { hostPathOf } from "../process/container-files.ts";
import { localDisks } from "./moved-disks.ts";

export async function inspectDisks(
  vmi: VirtualMachineInstance,
  pid: number,
  signal: AbortSignal,
): Promise<MovedDisk[]> {
  const disks: MovedDisk[] = [];
  for (const disk of localDisks(vmi)) disks.push(await inspectDisk(pid, disk, signal));
  return disks;
}

async function inspectDisk(pid: number, disk: NamedSource, signal: AbortSignal): Promise<MovedDisk> {
  const { volume: name, source } = disk;
  if (source.type === "containerDisk") return { name, imageDigest: await imageDigest(pid, source, name, signal) };
  if (source.type === "medium") return { name, sizeBytes: (await lstat(hostPathOf(pid, source.path))).size };
  return { name };
}

/** Of the file's content: images are pulled under names, and copied, in more than one way. */
export async function imageDigest(
  pid: number,
  source: Extract<DiskSource, { type: "containerDisk" }>,
  volume: string,
  signal: AbortSignal,
): Promise<string> {
  const { path } = await findBacking(pid, source, volume);
  return digestOf(hostPathOf(pid, path), signal);
}

export async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  return `sha256:${hash.digest("hex")}`;
}
