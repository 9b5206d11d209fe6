/** Brings a disk that lives in the source's pod to the target's pod on the same node. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { CommandError, TerminalError } from "../../base/errors.ts";
import { exec } from "../../base/exec.ts";
import type { NamedSource } from "../disks/disk-source.ts";
import { findBacking } from "../disks/observe-disk.ts";
import { hostPathOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { shareFile } from "./share-file.ts";

export interface DiskMove {
  kubeletRoot: string;
  source: { podUid: string; qemu: QemuProcess };
  target: { podUid: string; qemu: QemuProcess };
  signal: AbortSignal;
}

export async function shareDisk(move: DiskMove, disk: NamedSource): Promise<void> {
  if (disk.source.type === "claim") throw new Error(`volume ${disk.volume}: its claim is not mounted yet`);
  await requireSameBacking(move, disk);
  await shareFile({
    kubeletRoot: move.kubeletRoot,
    from: move.source.podUid,
    to: move.target.podUid,
    volume: "disks",
    name: basename(disk.source.path),
  });
}

/** An overlay says only where its image differs: over another image, pulled meanwhile under the same name, it is garbage. */
async function requireSameBacking({ source, target, signal }: DiskMove, disk: NamedSource): Promise<void> {
  if (disk.source.type !== "containerDisk") return;
  const [before, after] = [source, target].map(({ qemu }) => qemu.pid) as [number, number];
  const backing = await findBacking(before, disk.source, disk.volume);
  const other = await findBacking(after, disk.source, disk.volume);
  const same =
    backing.path === other.path &&
    (await isSameContent(hostPathOf(before, backing.path), hostPathOf(after, other.path), signal));
  if (same) return;
  throw new TerminalError(
    "ImageReplaced",
    `volume ${disk.volume}: its image was replaced since the machine was started; restart the machine to use the new one`,
  );
}

/** The same file of the same unpacked layer, or byte for byte. */
async function isSameContent(path: string, other: string, signal: AbortSignal): Promise<boolean> {
  const [one, two] = await Promise.all([stat(path, { bigint: true }), stat(other, { bigint: true })]);
  if (one.size !== two.size) return false;
  if (one.ino === two.ino && one.ctimeNs === two.ctimeNs) return true;
  try {
    await exec(["cmp", "-s", path, other], { signal });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
