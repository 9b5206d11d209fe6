/** Takes everything of this node off the machine: for `vmpod down`, while the kubelet does not run. */
import { rm } from "node:fs/promises";
import { exec } from "../base/exec.ts";
import { removeAllImageViews, removeAllPods } from "../cri/containerd/remove-pods.ts";
import { bridgeName } from "../cri/containerd/cni.ts";
import { removeCgroups } from "./cgroups.ts";
import { listIfThere } from "./files.ts";
import { removePodNetwork } from "./pod-network.ts";
import { mountsBelow } from "./volumes/mounts.ts";
import { podsDir } from "./pods/paths.ts";

export interface NodePlace {
  criSocket: string;
  instance: string;
  rootDir: string;
}

/** Ends all pods at once, without grace; containerd must answer. Idempotent. */
export async function removeNode({ criSocket, instance, rootDir }: NodePlace): Promise<void> {
  await removeAllPods(criSocket, 0);
  for (const point of await mountsBelow(podsDir(rootDir))) {
    await exec(["umount", point]);
  }
  await removeAllImageViews(criSocket);
  await rm(podsDir(rootDir), { recursive: true, force: true });
  await removeCgroups(`/${instance}`);
  await removePodNetwork(instance);
  const bridge = bridgeName(instance);
  if ((await listIfThere("/sys/class/net")).includes(bridge)) {
    await exec(["ip", "link", "delete", bridge]);
  }
}
