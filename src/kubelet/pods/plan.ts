/**
 * What to do next for a pod. Pure: an ordered list of small steps; the first that has something to say wins.
 *
 *   gone or ended --> stop containers -> stop sandbox -> tear down -> (deleted: remove all, delete the object)
 *   else          --> volumes -> sandbox -> init containers in order -> containers
 */
import type { Action } from "./actions.ts";
import { planContainers } from "./plan-containers.ts";
import { planEnd } from "./plan-end.ts";
import { planNetworks } from "./plan-networks.ts";
import { planSandbox } from "./plan-sandbox.ts";
import { deadlineMs } from "./lifetime.ts";
import type { Observation, RuntimeContainer } from "./observation.ts";
import { type Plan, type Step, wakeBefore } from "./steps.ts";

const steps: Step[] = [planEnd, planSandbox, planContainers];

export function plan(o: Observation): Plan {
  const planned = firstAnswer(o) ?? { actions: [] };
  return {
    actions: [...planned.actions, ...planNetworks(o), ...planGarbage(o)],
    wakeAtMs: wakeBefore(planned.wakeAtMs, deadlineOf(o)),
  };
}

function firstAnswer(o: Observation): Plan | undefined {
  for (const step of steps) {
    const answer = step(o);
    if (answer !== undefined) {
      return answer;
    }
  }
  return undefined;
}

function deadlineOf(o: Observation): number | undefined {
  const deadline = o.pod === undefined ? undefined : deadlineMs(o.pod);
  return deadline !== undefined && deadline > o.nowMs ? deadline : undefined;
}

/** Of each container the newest two stay, for `kubectl logs --previous` and `lastState`; sandboxes as long as they hold one. */
function planGarbage(o: Observation): Action[] {
  const kept = new Map<string, number>();
  const old = o.runtime.containers.filter((container) => isSurplus(container, kept));
  const oldIds = new Set(old.map((container) => container.id));
  const inUse = new Set(o.runtime.containers.filter((c) => !oldIds.has(c.id)).map((c) => c.sandboxId));
  const oldSandboxes = o.runtime.sandboxes.slice(1).filter((sandbox) => !sandbox.ready && !inUse.has(sandbox.id));
  return [
    ...old.map((container): Action => ({ type: "remove-container", containerId: container.id })),
    ...oldSandboxes.map((sandbox): Action => ({ type: "remove-sandbox", sandboxId: sandbox.id })),
  ];
}

function isSurplus(container: RuntimeContainer, kept: Map<string, number>): boolean {
  const count = kept.get(container.name) ?? 0;
  kept.set(container.name, count + 1);
  return count >= 2 && container.phase === "exited";
}
