/** The directory of one volume of a pod, at the place where the real kubelet has it. */
import { constants } from "node:fs";
import { chmod, chown, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../api/core.ts";
import { oPath } from "../../base/open-path.ts";
import { podId, volumesDir } from "../pods/paths.ts";

export type VolumePlugin =
  | "empty-dir"
  | "configmap"
  | "secret"
  | "downward-api"
  | "projected"
  | "image"
  | "local-volume";

export function volumeDir(rootDir: string, pod: Pod, plugin: VolumePlugin, name: string): string {
  return join(volumesDir(rootDir, podId(pod).uid), `kubernetes.io~${plugin}`, name);
}

export async function makeVolumeDir(dir: string, mode: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  await chmod(dir, mode);
}

/** Gives a volume to the pod's `fsGroup`: all of it belongs to the group, which may do what the owner may. */
export async function applyFsGroup(path: string, pod: Pod): Promise<void> {
  const group = pod.spec?.securityContext?.fsGroup;
  if (group !== undefined) {
    await giveToGroup(path, group);
  }
}

const setGroupId = 0o2000;

/**
 * Containers may be running with the volume already and put a link anywhere at any moment: what was looked at is held
 * open, and changed through its descriptor.
 */
async function giveToGroup(path: string, group: number): Promise<void> {
  await using held = await open(path, oPath | constants.O_NOFOLLOW);
  const status = await held.stat();
  if (status.isSymbolicLink()) {
    return;
  }
  const same = `/proc/self/fd/${held.fd}`;
  await chown(same, -1, group);
  const ownerBits = (status.mode >> 6) & 0o7;
  const shared = (status.mode & 0o7777) | (ownerBits << 3);
  await chmod(same, status.isDirectory() ? shared | setGroupId | 0o070 : shared);
  if (status.isDirectory()) {
    for (const name of await readdir(same)) {
      await giveToGroup(join(same, name), group);
    }
  }
}
