/** Init containers one after the other (sidecars only have to be started), then all main containers side by side. */
import type { Container, Pod } from "../../../api/core.ts";
import { specHash } from "../config/spec-hash.ts";
import { resourcesText } from "../config/resources-text.ts";
import { type Action, resizeKey, startKey } from "./actions.ts";
import { restartBackoff } from "./backoff.ts";
import {
  defaultGraceSeconds,
  endedForGood,
  graceSeconds,
  initWantsRestart,
  isSidecar,
  latestOf,
  previousStatus,
  restartPolicyOf,
  wantsRestart,
} from "./lifetime.ts";
import type { Observation, RuntimeContainer } from "./observation.ts";
import { type Plan, wakeBefore } from "./steps.ts";

export function planContainers(o: Observation): Plan | undefined {
  const { pod } = o;
  const sandbox = o.runtime.sandboxes[0];
  if (pod === undefined || sandbox === undefined) {
    return undefined;
  }
  const inits = pod.spec?.initContainers ?? [];
  const begun = mainHasBegun(o, pod);
  const position = begun ? inits.length : inits.findIndex((container) => !initDone(o, container));
  const passed = begun || position < 0 ? inits : inits.slice(0, position);
  const plans = passed.filter(isSidecar).map((container) => planContainer(o, container, () => true));
  const policy = restartPolicyOf(pod);
  if (begun || position < 0) {
    const wanted = (exitCode: number): boolean => wantsRestart(policy, exitCode);
    plans.push(...(pod.spec?.containers ?? []).map((container) => planContainer(o, container, wanted)));
  } else {
    const next = inits[position] as Container;
    const wanted = isSidecar(next) ? () => true : (exitCode: number) => initWantsRestart(policy, exitCode);
    plans.push(planContainer(o, next, wanted));
  }
  return merge(plans);
}

/** Once a main container was started in this sandbox, init containers are history. */
function mainHasBegun(o: Observation, pod: Pod): boolean {
  const sandboxId = o.runtime.sandboxes[0]?.id;
  const names = new Set((pod.spec?.containers ?? []).map((container) => container.name));
  return o.runtime.containers.some((container) => container.sandboxId === sandboxId && names.has(container.name));
}

/** An init container is passed when it succeeded in this sandbox; a sidecar when it has started up. */
export function initDone(o: Observation, container: Container): boolean {
  const latest = latestOf(o, container.name);
  if (latest === undefined || latest.sandboxId !== o.runtime.sandboxes[0]?.id) {
    return false;
  }
  return isSidecar(container)
    ? latest.phase === "running" && isStarted(o, latest, container)
    : latest.phase === "exited" && latest.exitCode === 0;
}

function isStarted(o: Observation, latest: RuntimeContainer, container: Container): boolean {
  const starting = o.memory.inFlight.has(startKey(container.name));
  return !starting && (container.startupProbe === undefined || o.memory.probes.get(latest.id)?.started === true);
}

function planContainer(o: Observation, container: Container, wanted: (exitCode: number) => boolean): Plan {
  const latest = latestOf(o, container.name);
  if (o.memory.inFlight.has(startKey(container.name))) {
    return { actions: [] };
  }
  switch (latest?.phase) {
    case "running":
      return { actions: planRunning(o, container, latest) };
    case "created":
    case "unknown":
      // Left by a start that did not get to its end.
      return { actions: [{ type: "remove-container", containerId: latest.id }] };
    default:
      return planStart(o, container, latest, wanted);
  }
}

function planRunning(o: Observation, container: Container, latest: RuntimeContainer): Action[] {
  const unhealthy = o.memory.probes.get(latest.id)?.unhealthy;
  const changed = latest.specHash !== specHash(container);
  const message =
    unhealthy ?? (changed ? `Container ${container.name} definition changed, will be restarted` : undefined);
  if (message === undefined) {
    return planResize(o, container, latest);
  }
  return [
    {
      type: "stop-container",
      containerId: latest.id,
      container: container.name,
      graceSeconds: graceSeconds(o, defaultGraceSeconds),
      message,
    },
  ];
}

/** After a death of this process what was given is not known: it is given again. */
function planResize(o: Observation, container: Container, { id, resources }: RuntimeContainer): Action[] {
  const given = o.memory.resized.get(id) ?? resources;
  const isDelayed = (o.memory.failures.get(resizeKey(id))?.retryAtMs ?? 0) > o.nowMs;
  if (given === resourcesText(container) || isDelayed) {
    return [];
  }
  return [{ type: "resize-container", containerId: id, container: container.name }];
}

function planStart(
  o: Observation,
  container: Container,
  latest: RuntimeContainer | undefined,
  wanted: (exitCode: number) => boolean,
): Plan {
  const sandboxId = o.runtime.sandboxes[0]?.id ?? "";
  const here = latest?.sandboxId === sandboxId;
  if (latest !== undefined && here && !wanted(latest.exitCode) && latest.specHash === specHash(container)) {
    return { actions: [] };
  }
  if (o.pod !== undefined && latest === undefined && isMain(o.pod, container) && endedForGood(o, o.pod, container)) {
    return { actions: [] };
  }
  const backoff = latest === undefined ? undefined : restartBackoff(latest);
  const readyAtMs = Math.max(backoff?.readyAtMs ?? 0, o.memory.failures.get(startKey(container.name))?.retryAtMs ?? 0);
  if (readyAtMs > o.nowMs) {
    return { actions: [], wakeAtMs: readyAtMs };
  }
  return {
    actions: [
      {
        type: "start-container",
        container: container.name,
        sandboxId,
        attempt: nextAttempt(o, container, latest),
        backoffLevel: backoff?.nextLevel ?? 0,
      },
    ],
  };
}

const isMain = (pod: Pod, { name }: Container): boolean => pod.spec?.containers.some((c) => c.name === name) === true;

/** Counts on from what the API server knows when the runtime's records were lost. */
function nextAttempt(o: Observation, { name }: Container, latest: RuntimeContainer | undefined): number {
  if (latest !== undefined) {
    return latest.attempt + 1;
  }
  const known = o.pod && previousStatus(o.pod, name);
  return known?.containerID === undefined ? 0 : known.restartCount + 1;
}

function merge(plans: Plan[]): Plan {
  return {
    actions: plans.flatMap((plan) => plan.actions),
    wakeAtMs: wakeBefore(...plans.map((plan) => plan.wakeAtMs)),
  };
}
