/** The instance's own containerd: started detached, so that it and its containers outlive us; brought back when it dies. */
import type { ContainerdPaths } from "../cri/containerd/config.ts";
import { findContainerd, startContainerd } from "../cri/containerd/start.ts";
import { type Instance, pathsOf, podCidrsOf } from "../base/instance.ts";
import type { Logger } from "../base/log.ts";

const checkMs = 500;

export function containerdPaths(instance: Instance): ContainerdPaths {
  const { containerdRoot, containerdState } = pathsOf(instance);
  return { rootDir: containerdRoot, stateDir: containerdState };
}

export async function ensureContainerd(instance: Instance, pauseImage: string): Promise<void> {
  await startContainerd({
    containerd: { ...containerdPaths(instance), pauseImage },
    cni: { instance: instance.name, podCidrs: podCidrsOf(instance) },
  });
}

/** It is not our child, so looking is the only way to learn that it ended. */
export function keepContainerdRunning(instance: Instance, pauseImage: string, log: Logger, signal: AbortSignal): void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy || findContainerd(containerdPaths(instance)) !== undefined) return;
    busy = true;
    log.warn("containerd ended; starting it again");
    ensureContainerd(instance, pauseImage)
      .catch((error: unknown) => log.error({ err: error }, "cannot start containerd"))
      .finally(() => {
        busy = false;
      });
  }, checkMs);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
