/**
 * Tells a start that was cut short from one that failed.
 *
 * When the kubelet dies while the runtime starts a container, the runtime gives up as its caller is gone, and records
 * the container as exited with `StartError`, just as if its program did not exist. Upstream then fails a pod of
 * `restartPolicy: Never`, though nothing of it ever ran. Here such a container counts as created only, and is made anew.
 *
 * A start that really failed was seen to fail: by this process (its call returned an error) or by one before it (the
 * API server has the container's end). A failure that nobody lived to see is tried once more, which is harmless.
 */
import type { Pod } from "../../../api/core.ts";
import { startKey } from "./actions.ts";
import { previousStatus } from "./lifetime.ts";
import type { PodMemory, RuntimeContainer } from "./observation.ts";

/** Why a start failed whose container was made already. */
export const runFailure = "RunContainerError";

export function asCreatedIfCutShort(
  container: RuntimeContainer,
  pod: Pod | undefined,
  memory: Pick<PodMemory, "failures">,
): RuntimeContainer {
  return isCutShort(container, pod, memory) ? { ...container, phase: "created" } : container;
}

function isCutShort(container: RuntimeContainer, pod: Pod | undefined, memory: Pick<PodMemory, "failures">): boolean {
  const neverRan = container.phase === "exited" && container.startedAtMs === 0;
  return (
    neverRan && memory.failures.get(startKey(container.name))?.reason !== runFailure && !isToldEnded(pod, container)
  );
}

function isToldEnded(pod: Pod | undefined, { name, id }: RuntimeContainer): boolean {
  const known = pod && previousStatus(pod, name);
  return [known?.state, known?.lastState].some((state) => state?.terminated?.containerID === `containerd://${id}`);
}
