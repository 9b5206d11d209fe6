/**
 * Ends every pod of a containerd, without kubelet or API server: what `vmpod down` does. Containers may still end
 * in their own way: their preStop hook is kept with them as an annotation.
 */
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../base/errors.ts";
import { createLogger } from "../../base/log.ts";
import { connectCri, type CriClient, isCriError } from "../client.ts";
import { type Container, ContainerState } from "../gen/runtime/v1/api.gen.ts";
import { removeImageViews } from "./image-views.ts";
import { removeOrphanNetworks } from "./orphan-networks.ts";
import { killOrphanShims } from "./orphan-shims.ts";

/** On containers: the command of an `exec` preStop hook, as a JSON array. */
export const preStopAnnotation = "vmpod.dev/pre-stop";
/** On containers: the pod's grace period in seconds. */
export const gracePeriodAnnotation = "io.kubernetes.pod.terminationGracePeriod";

const killedAfterSeconds = 2;
/** Twenty guests ended at once kept a runtime on two processors busy for more than ten seconds. */
const removalPatienceMs = 60_000;
const removalRetryMs = 500;
const log = createLogger("cri");

/**
 * @param longestGraceSeconds bounds the pods' own grace periods; 0 ends everything at once
 * @returns how many pods there were
 */
export async function removeAllPods(socketPath: string, longestGraceSeconds: number): Promise<number> {
  const cri = connectCri(socketPath);
  try {
    const { containers } = await cri.runtime.listContainers({});
    const running = containers.filter(({ state }) => state === ContainerState.CONTAINER_RUNNING);
    await Promise.all(running.map((container) => stop(cri, container, longestGraceSeconds)));
    const { items } = await cri.runtime.listPodSandbox({});
    await Promise.all(items.map(({ id }) => removeSandbox(cri, id)));
    await killOrphanShims(cri, socketPath, 0);
    await removeOrphanNetworks(cri, socketPath, 0);
    return new Set(items.map(({ metadata }) => metadata?.uid)).size;
  } finally {
    cri.close();
  }
}

async function stop(cri: CriClient, { id, annotations }: Container, longestGraceSeconds: number): Promise<void> {
  const graceSeconds = Math.min(Number(annotations[gracePeriodAnnotation] ?? 30), longestGraceSeconds);
  const endMs = Date.now() + graceSeconds * 1000;
  const hook = annotations[preStopAnnotation];
  if (hook !== undefined && graceSeconds > 0) {
    await runHook(cri, id, JSON.parse(hook) as string[], graceSeconds);
  }
  const left = graceSeconds === 0 ? 0 : Math.max(killedAfterSeconds, Math.ceil((endMs - Date.now()) / 1000));
  try {
    await cri.runtime.stopContainer({ containerId: id, timeout: BigInt(left) }, { timeoutMs: (left + 60) * 1000 });
  } catch (error) {
    // A container that ends by itself meanwhile takes its shim along. What is left of it is stopped with its sandbox.
    if (!isCriError(error)) throw error;
    log.debug({ containerId: id, error: messageOf(error) }, "the container cannot be stopped");
  }
}

/** A guest that takes longer than its grace period is ordinary: it is powered off next. */
async function runHook(cri: CriClient, containerId: string, cmd: string[], timeoutSeconds: number): Promise<void> {
  const timeoutMs = timeoutSeconds * 1000;
  const hook = cri.runtime
    .execSync({ containerId, cmd, timeout: BigInt(timeoutSeconds) }, { timeoutMs })
    .catch((error: unknown) => log.debug({ containerId, error: messageOf(error) }, "preStop hook failed"));
  const deadline = delay(timeoutMs, undefined, { ref: false });
  await Promise.race([hook, deadline]);
}

/**
 * On a busy machine the runtime may not have heard yet that a container of the sandbox has ended, or one may have been
 * started while the sandbox was being stopped: then it refuses, and everything is stopped again.
 */
async function removeSandbox(cri: CriClient, podSandboxId: string): Promise<void> {
  for (const endMs = Date.now() + removalPatienceMs; ; ) {
    try {
      await cri.runtime.stopPodSandbox({ podSandboxId });
      await cri.runtime.removePodSandbox({ podSandboxId });
      return;
    } catch (error) {
      if (!isCriError(error) || Date.now() > endMs) throw error;
      log.debug({ podSandboxId, error: messageOf(error) }, "the sandbox cannot be removed yet");
      await delay(removalRetryMs);
    }
  }
}

/** For `vmpod down` after the volumes were unmounted. */
export async function removeAllImageViews(socketPath: string): Promise<void> {
  const cri = connectCri(socketPath);
  try {
    await removeImageViews(cri);
  } finally {
    cri.close();
  }
}
