import { exec } from "../../base/exec.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import type { MountedVolume } from "../pods/memory.ts";
import { isMountPoint } from "./mounts.ts";
import type { VolumeInput } from "./set-up.ts";
import { applyFsGroup, makeVolumeDir, volumeDir } from "./volume-dir.ts";

/** A directory that lives as long as the pod; `medium: Memory` keeps it in RAM. */
export async function emptyDir({ context, pod, volume }: VolumeInput): Promise<MountedVolume> {
  const dir = volumeDir(context.rootDir, pod, "empty-dir", volume.name);
  const { medium, sizeLimit } = volume.emptyDir ?? {};
  if (medium === "Memory" && !(await isMountPoint(dir))) {
    await makeVolumeDir(dir, 0o777);
    const size = sizeLimit === undefined ? [] : [`size=${quantityToNumber(sizeLimit)}`];
    await exec(["mount", "-t", "tmpfs", "-o", ["mode=0777", ...size].join(","), "tmpfs", dir]);
  } else if (medium !== "Memory") {
    await makeVolumeDir(dir, 0o777);
  }
  await applyFsGroup(dir, pod);
  return { hostPath: dir, readOnly: false };
}
