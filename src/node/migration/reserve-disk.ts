/** Makes, in the target's pod on another node, the file that a disk of the source's pod is copied into. */
import type { MovedDisk } from "../../../api/kubevirt/types.ts";
import { TerminalError } from "../../base/errors.ts";
import type { NamedSource } from "../disks/disk-source.ts";
import { createSparse, giveDevice, placeFile, prepareDisk, type PrepareContext } from "../disks/prepare-disk.ts";
import { imageDigest } from "./inspect-disks.ts";

export async function reserveDisk(
  context: PrepareContext,
  disk: NamedSource,
  moved: readonly MovedDisk[],
): Promise<void> {
  const { volume, source } = disk;
  if (source.type === "claim") {
    if (await giveDevice(context.pid, source)) return;
    throw new Error(
      `volume ${volume}: claim ${source.claimName} has no disk.img here: not what the source has mounted`,
    );
  }
  if (source.type === "hostDisk")
    throw new Error(`volume ${volume}: ${source.hostPath} is not on this node: not what the source has mounted`);
  const there = moved.find(({ name }) => name === volume);
  if (source.type === "medium") {
    await placeFile(context.pid, source.path, (file) => createSparse(file, there?.sizeBytes ?? 0));
    return;
  }
  if (
    source.type === "containerDisk" &&
    (await imageDigest(context.pid, source, volume, context.signal)) !== there?.imageDigest
  )
    throw new TerminalError("ImageReplaced", imageReplaced(volume));
  await prepareDisk(context, disk);
}

/** An overlay says only where its image differs: over another image, pulled meanwhile under the same name, it is garbage. */
export function imageReplaced(volume: string): string {
  return `volume ${volume}: its image was replaced since the machine was started; restart the machine to use the new one`;
}
