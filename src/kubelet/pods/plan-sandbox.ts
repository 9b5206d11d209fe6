/** Volumes, then the one sandbox that holds the pod's namespaces. */
import type { Action } from "./actions.ts";
import { defaultGraceSeconds, isLive } from "./lifetime.ts";
import type { Observation, SandboxState } from "./observation.ts";
import { type Plan, wakeBefore } from "./steps.ts";

export function planSandbox(o: Observation): Plan | undefined {
  return setUpVolumes(o) ?? replaceSandbox(o);
}

function setUpVolumes(o: Observation): Plan | undefined {
  return o.memory.volumesReady ? undefined : unlessFailing(o, { type: "set-up-volumes" });
}

function replaceSandbox(o: Observation): Plan | undefined {
  const newest = o.runtime.sandboxes[0];
  const surplus = o.runtime.sandboxes.slice(1).filter((sandbox) => sandbox.ready);
  if (surplus.length > 0) {
    return { actions: surplus.map(stopSandbox) };
  }
  if (newest?.ready) {
    return undefined;
  }
  const orphans = o.runtime.containers.filter(isLive);
  if (orphans.length > 0) {
    return { actions: orphans.map(stopOrphan) };
  }
  const run = unlessFailing(o, { type: "run-sandbox", attempt: newest === undefined ? 0 : newest.attempt + 1 });
  // Stopping frees the dead one's address; nothing to do while the new one has to wait.
  return newest === undefined || run.actions.length === 0 ? run : { actions: [stopSandbox(newest), ...run.actions] };
}

const stopSandbox = (sandbox: SandboxState): Action => ({ type: "stop-sandbox", sandboxId: sandbox.id });

/** The sandbox died under its containers: they have no network any more. */
const stopOrphan = (container: { id: string; name: string; gracePeriodSeconds: number }): Action => ({
  type: "stop-container",
  containerId: container.id,
  container: container.name,
  graceSeconds: container.gracePeriodSeconds || defaultGraceSeconds,
  message: "Pod sandbox changed, it will be killed and re-created.",
});

function unlessFailing(o: Observation, action: Action): Plan {
  const retryAtMs = o.memory.failures.get(action.type)?.retryAtMs ?? 0;
  return retryAtMs > o.nowMs ? { actions: [], wakeAtMs: wakeBefore(retryAtMs) } : { actions: [action] };
}
