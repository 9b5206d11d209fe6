/** Gives a running container what its pod asks for by now, if the node has it. */
import type { Pod } from "../../../api/core.ts";
import { InvariantError, TerminalError } from "../../base/errors.ts";
import { linuxResources } from "../config/resources.ts";
import { resourcesText } from "../config/resources-text.ts";
import type { KubeletContext } from "../context.ts";
import type { Action } from "../pods/actions.ts";
import type { MutablePodMemory } from "../pods/memory.ts";

/** @throws TerminalError while the pods of this node ask for more than it has */
export async function resizeContainer(
  context: KubeletContext,
  pod: Pod,
  action: Extract<Action, { type: "resize-container" }>,
  memory: MutablePodMemory,
): Promise<void> {
  const container = pod.spec?.containers.find(({ name }) => name === action.container);
  if (container === undefined)
    throw new InvariantError(`pod ${pod.metadata?.name} has no container ${action.container}`);
  const lacking = context.overcommitment();
  if (lacking !== undefined) throw new TerminalError("Deferred", lacking);
  const linux = linuxResources(pod, container, context.machine.memoryBytes);
  await context.cri.runtime.updateContainerResources({ containerId: action.containerId, linux });
  memory.resized.set(action.containerId, resourcesText(container));
}
