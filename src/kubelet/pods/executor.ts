/** Carries out what a plan asks for. */
import { pods } from "../../../api/core.ts";
import { InvariantError } from "../../base/errors.ts";
import { deleteThis } from "../../client/delete-this.ts";
import type { KubeletContext } from "../context.ts";
import { followNetworks } from "../execute/follow-networks.ts";
import { runSandbox } from "../execute/run-sandbox.ts";
import { startContainer } from "../execute/start-container.ts";
import { resizeContainer } from "../execute/resize-container.ts";
import { type Stops, stopContainer } from "../execute/stop-container.ts";
import { tearDownPod } from "../execute/tear-down.ts";
import { setUpVolumes } from "../volumes/set-up.ts";
import type { Action } from "./actions.ts";
import type { MutablePodMemory } from "./memory.ts";
import type { Observation } from "./observation.ts";
import type { Pod } from "../../../api/core.ts";

export interface Executor {
  execute(action: Action, o: Observation, memory: MutablePodMemory): Promise<void>;
  /** The action runs already; it may have become more urgent. */
  hurry(action: Action): void;
}

export function createExecutor(context: KubeletContext): Executor {
  const stops: Stops = new Map();

  async function execute(action: Action, o: Observation, memory: MutablePodMemory): Promise<void> {
    const { runtime } = context.cri;
    switch (action.type) {
      case "set-up-volumes":
        return await setUpVolumes(context, podOf(o), memory);
      case "run-sandbox":
        return await runSandbox(context, podOf(o), action.attempt);
      case "stop-sandbox":
        return void (await runtime.stopPodSandbox({ podSandboxId: action.sandboxId }));
      case "remove-sandbox":
        return void (await runtime.removePodSandbox({ podSandboxId: action.sandboxId }));
      case "remove-container":
        return void (await runtime.removeContainer({ containerId: action.containerId }));
      case "start-container":
        return await startContainer(context, podOf(o), action, memory);
      case "resize-container":
        return await resizeContainer(context, podOf(o), action, memory);
      case "attach-networks":
        return await followNetworks(context, podOf(o), action.sandboxId, memory);
      case "stop-container":
        return await stopContainer(context, stops, o.pod, action);
      case "tear-down":
        await tearDownPod(context, o.uid, o.pod);
        memory.cleanedUp = true;
        memory.volumesReady = false;
        return;
      case "delete-pod":
        // Everything of it is gone from this node: now its object may go, unless it was deleted by force meanwhile.
        return void (await deleteThis(context.client, pods, podOf(o), { gracePeriodSeconds: 0 }));
      default:
        throw new InvariantError(`unknown action ${JSON.stringify(action satisfies never)}`);
    }
  }

  return {
    execute,
    hurry(action) {
      if (action.type === "stop-container") {
        stops.get(action.containerId)?.hurry(action.graceSeconds);
      }
    },
  };
}

function podOf(o: Observation): Pod {
  if (o.pod === undefined) {
    throw new InvariantError(`pod ${o.uid} is gone, nothing of it may be started`);
  }
  return o.pod;
}
