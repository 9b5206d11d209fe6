/** Brings a disk that lives in the source's pod to the target's pod on the same node. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { TerminalError } from "../../base/errors.ts";
import type { NamedSource } from "../disks/disk-source.ts";
import { findBacking } from "../disks/observe-disk.ts";
import { giveDevice } from "../disks/prepare-disk.ts";
import { hostPathOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { digestOf } from "./inspect-disks.ts";
import { imageReplaced } from "./reserve-disk.ts";
import { shareFile } from "../process/share-file.ts";

export interface DiskMove {
  kubeletRoot: string;
  source: { podUid: string; qemu: QemuProcess };
  target: { podUid: string; qemu: QemuProcess };
  signal: AbortSignal;
}

export async function shareDisk(move: DiskMove, disk: NamedSource): Promise<void> {
  if (disk.source.type === "claim") {
    if (await giveDevice(move.target.qemu.pid, disk.source)) return;
    throw new Error(`volume ${disk.volume}: its claim has no disk.img here`);
  }
  if (disk.source.type === "hostDisk") throw new Error(`volume ${disk.volume}: ${disk.source.hostPath} is gone`);
  if (disk.source.type === "claimOverlay") await giveDevice(move.target.qemu.pid, disk.source);
  await requireSameBacking(move, disk);
  await shareFile({
    kubeletRoot: move.kubeletRoot,
    from: move.source.podUid,
    to: move.target.podUid,
    volume: "disks",
    name: basename(disk.source.path),
  });
}

async function requireSameBacking({ source, target, signal }: DiskMove, disk: NamedSource): Promise<void> {
  if (disk.source.type !== "containerDisk") return;
  const [before, after] = [source, target].map(({ qemu }) => qemu.pid) as [number, number];
  const backing = await findBacking(before, disk.source, disk.volume);
  const other = await findBacking(after, disk.source, disk.volume);
  const paths = [hostPathOf(before, backing.path), hostPathOf(after, other.path)] as const;
  if (backing.path === other.path && ((await isSameFile(...paths)) || (await isSameContent(...paths, signal)))) return;
  throw new TerminalError("ImageReplaced", imageReplaced(disk.volume));
}

/** The same file of the same unpacked layer. */
async function isSameFile(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([stat(path, { bigint: true }), stat(other, { bigint: true })]);
  return one.size === two.size && one.ino === two.ino && one.ctimeNs === two.ctimeNs;
}

async function isSameContent(path: string, other: string, signal: AbortSignal): Promise<boolean> {
  return (await digestOf(path, signal)) === (await digestOf(other, signal));
}
