import { exec } from "../../base/exec.ts";
import { removeImageViews } from "../../cri/containerd/image-views.ts";
import type { KubeletContext } from "../context.ts";
import { podDir } from "../pods/paths.ts";
import { mountsBelow } from "./mounts.ts";

/** Takes away every mount of a pod. What is mounted is asked from the kernel, so nothing needs to be remembered. */
export async function unmountVolumes(context: KubeletContext, uid: string): Promise<void> {
  for (const point of await mountsBelow(podDir(context.rootDir, uid))) {
    await exec(["umount", point]);
  }
  await removeImageViews(context.cri, uid);
}
