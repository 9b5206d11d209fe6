/** Takes everything of this node off the machine: for `vmpod down`, while the kubelet does not run. */
import { rm } from "node:fs/promises";
import { exec } from "../base/exec.ts";
import { removeImageViews } from "../cri/containerd/image-views.ts";
import { bridgeName } from "../cri/containerd/cni.ts";
import type { CriClient } from "../cri/client.ts";
import { removeCgroups } from "./cgroups.ts";
import { listIfThere } from "./files.ts";
import { removePodNetwork } from "./pod-network.ts";
import { mountsBelow } from "./volumes/mounts.ts";
import { podsDir } from "./pods/paths.ts";

export interface NodePlace {
  cri: CriClient;
  instance: string;
  rootDir: string;
}

/** Ends all pods at once, without grace; containerd must answer. Idempotent. */
export async function removeNode({ cri, instance, rootDir }: NodePlace): Promise<void> {
  await removeSandboxes(cri);
  for (const point of await mountsBelow(podsDir(rootDir))) {
    await exec(["umount", point]);
  }
  await removeImageViews(cri);
  await rm(podsDir(rootDir), { recursive: true, force: true });
  await removeCgroups(`/${instance}`);
  await removePodNetwork(instance);
  const bridge = bridgeName(instance);
  if ((await listIfThere("/sys/class/net")).includes(bridge)) {
    await exec(["ip", "link", "delete", bridge]);
  }
}

async function removeSandboxes(cri: CriClient): Promise<void> {
  const { items } = await cri.runtime.listPodSandbox({});
  await Promise.all(
    items.map(async ({ id }) => {
      await cri.runtime.stopPodSandbox({ podSandboxId: id });
      await cri.runtime.removePodSandbox({ podSandboxId: id });
    }),
  );
}
