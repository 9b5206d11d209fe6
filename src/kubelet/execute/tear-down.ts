/** Removes what a pod left on the host. While its object exists, only logs and containers stay, for `kubectl logs`. */
import { rm } from "node:fs/promises";
import type { Pod } from "../../../api/core.ts";
import { removeCgroups } from "../cgroups.ts";
import type { KubeletContext } from "../context.ts";
import { detachNetworks } from "../networks/attached-networks.ts";
import { cgroupParent, logDirsOf, podDir } from "../pods/paths.ts";
import { unmountVolumes } from "../volumes/unmount.ts";

export async function tearDownPod(context: KubeletContext, uid: string, pod: Pod | undefined): Promise<void> {
  await detachNetworks(context.rootDir, uid);
  await unmountVolumes(context, uid);
  await removeCgroups(cgroupParent(context.instance, uid));
  const deleted = pod?.metadata?.deletionTimestamp !== undefined;
  if (pod === undefined || deleted) {
    await rm(podDir(context.rootDir, uid), { recursive: true, force: true });
    const logs = await logDirsOf(context.rootDir, uid);
    await Promise.all(logs.map((dir) => rm(dir, { recursive: true, force: true })));
  }
}
