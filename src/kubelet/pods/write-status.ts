import { isDeepStrictEqual } from "node:util";
import { type Pod, type PodStatus, pods } from "../../../api/core.ts";
import { isStatus } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import type { Observation } from "./observation.ts";
import { podStatus } from "./status.ts";

/** Tells of containers that began to wait for their next start. */
function tellBackOff(context: KubeletContext, pod: Pod, status: PodStatus): void {
  const waits = (name: string, known: PodStatus | undefined): boolean =>
    [...(known?.initContainerStatuses ?? []), ...(known?.containerStatuses ?? [])].some(
      (container) => container.name === name && container.state?.waiting?.reason === "CrashLoopBackOff",
    );
  for (const { name } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    if (waits(name, status) && !waits(name, pod.status)) {
      context.events.warning(
        pod,
        "BackOff",
        `Back-off restarting failed container ${name} in pod ${pod.metadata?.name}`,
      );
    }
  }
}

/** Reports the pod's status when it differs from what the API server has. A pod that changed meanwhile is left for the next look. */
export async function writeStatus(context: KubeletContext, o: Observation, pod: Pod): Promise<void> {
  const status = podStatus(o, pod, { nodeIp: context.nodeIp });
  // As it will come back: without keys that are undefined.
  const plain = JSON.parse(JSON.stringify(status)) as typeof status;
  if (isDeepStrictEqual(plain, pod.status)) {
    return;
  }
  tellBackOff(context, pod, plain);
  try {
    await context.client.updateStatus(pods, { ...pod, status: plain });
  } catch (error) {
    if (!isStatus(error, "Conflict", "NotFound")) {
      throw error;
    }
    context.log.debug({ uid: o.uid, reason: error.reason }, "pod changed while its status was written");
  }
}
