/**
 * `vmpod down`: guests are asked to power off, containers end, and every trace on the host goes. Objects, images and
 * disks stay in the data directory, so the next `vmpod up` starts the same machines again.
 */
import { rm } from "node:fs/promises";
import { type Instance, pathsOf } from "../base/instance.ts";
import { removeAllImageViews, removeAllPods } from "../cri/containerd/remove-pods.ts";
import { findContainerd, stopContainerd } from "../cri/containerd/start.ts";
import { containerdPaths } from "./containerd.ts";
import { removeHostTraces, unmountBelow } from "./host-traces.ts";
import { stopOwnProcesses } from "./stop-own-processes.ts";

export interface TearDownOptions {
  /** How long guests may take to power off before they are ended. */
  gracePeriodSeconds: number;
  /** Also remove the data directory: objects, disks, images, certificates. */
  purge: boolean;
  onProgress: (message: string) => void;
}

export async function tearDown(instance: Instance, options: TearDownOptions): Promise<void> {
  await stopOwnProcesses(pathsOf(instance).pids);
  options.onProgress("vmpod's own processes ended");
  const { criSocket } = pathsOf(instance);
  if (findContainerd(containerdPaths(instance)) !== undefined) {
    const removed = await removeAllPods(criSocket, options.gracePeriodSeconds);
    options.onProgress(`${removed} pods ended`);
    await unmountBelow(pathsOf(instance).kubelet);
    await removeAllImageViews(criSocket);
    await stopContainerd(containerdPaths(instance));
  }
  await removeHostTraces(instance);
  await rm(instance.runDir, { recursive: true, force: true });
  if (options.purge) await rm(instance.dataDir, { recursive: true, force: true });
  options.onProgress("network, mounts and cgroups removed");
}
