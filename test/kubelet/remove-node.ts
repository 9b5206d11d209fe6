/** Takes everything of a test node off the machine, while its kubelet does not run. */
import { rm } from "node:fs/promises";
import { exec } from "../../src/base/exec.ts";
import { removeAllImageViews, removeAllPods } from "../../src/cri/containerd/remove-pods.ts";
import { bridgeName } from "../../src/cri/containerd/cni.ts";
import { removeCgroups } from "../../src/kubelet/cgroups.ts";
import { listIfThere } from "../../src/base/files.ts";
import { removePodNetwork } from "../../src/kubelet/pod-network.ts";
import { mountsBelow } from "../../src/kubelet/volumes/mounts.ts";
import { podsDir } from "../../src/kubelet/pods/paths.ts";

export interface NodePlace {
  criSocket: string;
  instance: string;
  rootDir: string;
}

/** Ends all pods at once; containerd must answer. */
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
