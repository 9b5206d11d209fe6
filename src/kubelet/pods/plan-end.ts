/** The way down: containers (sidecars last), sandboxes, what lies on disk, and at last the object. */
import type { Action } from "./actions.ts";
import { defaultGraceSeconds, graceSeconds, hasEnded, isLive, isSidecar, isTerminalPhase } from "./lifetime.ts";
import type { Observation, RuntimeContainer } from "./observation.ts";
import type { Plan } from "./steps.ts";

export function planEnd(o: Observation): Plan | undefined {
  if (!hasEnded(o)) {
    return undefined;
  }
  return stopContainers(o) ?? stopSandboxes(o) ?? tearDown(o) ?? forget(o) ?? { actions: [] };
}

function stopContainers(o: Observation): Plan | undefined {
  const live = o.runtime.containers.filter(isLive);
  if (live.length === 0) {
    // A start under way may still bring up a container; its end wakes us.
    return [...o.memory.inFlight].some((key) => key.startsWith("start-container/")) ? { actions: [] } : undefined;
  }
  const sidecars = new Set((o.pod?.spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  const main = live.filter((container) => !sidecars.has(container.name));
  // Sidecars end after what they serve, in reverse order of their start.
  const next = main.length > 0 ? main : live.toSorted((a, b) => b.startedAtMs - a.startedAtMs).slice(0, 1);
  return { actions: next.map((container) => stopAction(o, container)) };
}

function stopAction(o: Observation, container: RuntimeContainer): Action {
  return {
    type: "stop-container",
    containerId: container.id,
    container: container.name,
    graceSeconds: graceSeconds(o, container.gracePeriodSeconds || defaultGraceSeconds),
    message: `Stopping container ${container.name}`,
  };
}

function stopSandboxes(o: Observation): Plan | undefined {
  const ready = o.runtime.sandboxes.filter((sandbox) => sandbox.ready);
  return ready.length === 0 ? undefined : { actions: ready.map(({ id }) => ({ type: "stop-sandbox", sandboxId: id })) };
}

function tearDown(o: Observation): Plan | undefined {
  return o.memory.cleanedUp ? undefined : { actions: [{ type: "tear-down" }] };
}

function forget(o: Observation): Plan | undefined {
  const deleted = o.pod?.metadata?.deletionTimestamp !== undefined;
  if (o.pod !== undefined && !(deleted && isTerminalPhase(o.pod.status?.phase))) {
    return undefined; // finished but not deleted: containers stay for their logs
  }
  const { sandboxes, containers } = o.runtime;
  if (sandboxes.length + containers.length > 0) {
    return { actions: removeAll(o) };
  }
  return deleted ? { actions: [{ type: "delete-pod" }] } : undefined;
}

function removeAll(o: Observation): Action[] {
  return [
    ...o.runtime.containers.map(({ id }): Action => ({ type: "remove-container", containerId: id })),
    ...o.runtime.sandboxes.map(({ id }): Action => ({ type: "remove-sandbox", sandboxId: id })),
  ];
}
