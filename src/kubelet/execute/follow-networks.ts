/** Attaches networks to a running pod, and detaches them, as its annotation says by now. */
import type { Pod } from "../../../api/core.ts";
import { messageOf } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import { attachNetworks, networksTextOf } from "../networks/attached-networks.ts";
import type { MutablePodMemory } from "../pods/memory.ts";

export async function followNetworks(
  context: KubeletContext,
  pod: Pod,
  sandboxId: string,
  memory: MutablePodMemory,
): Promise<void> {
  try {
    await attachNetworks(context, pod, sandboxId);
    memory.networks = networksTextOf(pod);
  } catch (error) {
    context.events.warning(pod, "FailedAttachNetworks", `Error: ${messageOf(error)}`);
    throw error;
  }
}
