/** The directory of one volume of a pod, at the place where the real kubelet has it. */
import { chmod, chown, lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../api/core.ts";
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

async function giveToGroup(path: string, group: number): Promise<void> {
  const status = await lstat(path);
  if (status.isSymbolicLink()) {
    return;
  }
  await chown(path, -1, group);
  const ownerBits = (status.mode >> 6) & 0o7;
  const shared = (status.mode & 0o7777) | (ownerBits << 3);
  await chmod(path, status.isDirectory() ? shared | setGroupId | 0o070 : shared);
  if (status.isDirectory()) {
    for (const name of await readdir(path)) {
      await giveToGroup(join(path, name), group);
    }
  }
}
