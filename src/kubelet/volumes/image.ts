/** An image's files as a read-only volume, mounted on the host at the volume's usual place. */
import { TerminalError } from "../../base/errors.ts";
import { exec } from "../../base/exec.ts";
import { viewImage } from "../../cri/containerd/image-views.ts";
import type { Mount } from "../../cri/gen/containerd/types/mount.gen.ts";
import { pullImage } from "../execute/pull-image.ts";
import { pullPolicy } from "../execute/pull-policy.ts";
import type { MountedVolume } from "../pods/memory.ts";
import { podId } from "../pods/paths.ts";
import { isMountPoint } from "./mounts.ts";
import type { VolumeInput } from "./set-up.ts";
import { makeVolumeDir, volumeDir } from "./volume-dir.ts";

export async function imageVolume(input: VolumeInput): Promise<MountedVolume> {
  const { context, pod, volume } = input;
  const dir = volumeDir(context.rootDir, pod, "image", volume.name);
  if (!(await isMountPoint(dir))) {
    const mounts = await presentView(input, volume.image?.reference ?? "");
    await makeVolumeDir(dir, 0o755);
    await mountView(mounts, dir);
  }
  return { hostPath: dir, readOnly: true };
}

async function presentView({ context, pod, volume, memory }: VolumeInput, reference: string): Promise<Mount[]> {
  const owner = { podUid: podId(pod).uid, volume: volume.name };
  const policy = pullPolicy(reference, volume.image?.pullPolicy);
  if (policy !== "Always" || reference.startsWith("localhost/")) {
    const present = await viewImage(context.cri, reference, owner);
    if (present !== undefined) {
      return present;
    }
  }
  if (policy === "Never") {
    throw new TerminalError("ErrImageNeverPull", `image "${reference}" is not present with pull policy of Never`);
  }
  await pullImage(context, pod, reference, memory.deleted.signal);
  const pulled = await viewImage(context.cri, reference, owner);
  if (pulled === undefined) {
    throw new TerminalError("ErrImagePull", `image "${reference}" was pulled but is not there`);
  }
  return pulled;
}

async function mountView(mounts: Mount[], dir: string): Promise<void> {
  for (const { type, source, options } of mounts) {
    const flags = options.filter((option) => option !== "rbind" && option !== "bind");
    const kind = type === "bind" ? ["--bind"] : ["-t", type];
    await exec(["mount", ...kind, "-o", [...new Set(["ro", ...flags])].join(","), source, dir]);
  }
}
