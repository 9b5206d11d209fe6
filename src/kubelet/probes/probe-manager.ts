/**
 * Keeps the probes of running containers going and notes their verdicts in the pod's memory.
 *
 *   startup ok (or none) --> liveness and readiness, side by side
 *   startup or liveness failed for good --> `unhealthy`: the plan restarts the container
 *
 * A new process of ours believes what the API says about readiness until its own first verdict: pods do not
 * leave their Services because the agent was restarted.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Container, Pod, Probe } from "../../../api/core.ts";
import type { KubeletContext } from "../context.ts";
import { hasEnded, previousStatus } from "../pods/lifetime.ts";
import type { MutablePodMemory } from "../pods/memory.ts";
import type { Observation, ProbeState, RuntimeContainer } from "../pods/observation.ts";
import { type ProbeTarget, runProbe } from "./run-probe.ts";
import { extend, noStreak, type Streak, verdictOf } from "./streak.ts";

export interface ProbeManager {
  context: KubeletContext;
  /** Ends a container's probes, by container id. */
  stops: Map<string, AbortController>;
}

export const createProbeManager = (context: KubeletContext): ProbeManager => ({ context, stops: new Map() });

/** Starts the probes of containers that run, and ends those of containers that do not any more. */
export function syncProbes(manager: ProbeManager, o: Observation, memory: MutablePodMemory, wake: () => void): void {
  const running = o.runtime.containers.filter(({ phase }) => phase === "running");
  const ids = new Set(running.map(({ id }) => id));
  for (const id of [...memory.probes.keys()].filter((known) => !ids.has(known))) {
    memory.probes.delete(id);
    manager.stops.get(id)?.abort();
    manager.stops.delete(id);
  }
  const { pod } = o;
  if (pod === undefined || hasEnded(o)) {
    return;
  }
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    const target = running.find(({ name }) => name === container.name);
    if (target !== undefined && hasProbes(container) && !memory.probes.has(target.id)) {
      watchContainer({ manager, pod, container, target, podIp: podIpOf(o), memory, wake });
    }
  }
}

const hasProbes = ({ startupProbe, livenessProbe, readinessProbe }: Container): boolean =>
  (startupProbe ?? livenessProbe ?? readinessProbe) !== undefined;

function podIpOf(o: Observation): string {
  return o.runtime.sandboxes[0]?.ips[0] ?? o.pod?.status?.podIP ?? "127.0.0.1";
}

interface Watched {
  manager: ProbeManager;
  pod: Pod;
  container: Container;
  target: RuntimeContainer;
  podIp: string;
  memory: MutablePodMemory;
  wake: () => void;
}

function watchContainer(watched: Watched): void {
  const { manager, pod, container, target, memory } = watched;
  const known = previousStatus(pod, container.name);
  const same = known?.containerID === `containerd://${target.id}`;
  memory.probes.set(target.id, {
    started: container.startupProbe === undefined || (same && known.started === true),
    ready: same && known.ready,
  });
  const stop = new AbortController();
  manager.stops.set(target.id, stop);
  void follow(watched, stop.signal);
}

type ProbeKind = "Startup" | "Liveness" | "Readiness";

async function follow(watched: Watched, signal: AbortSignal): Promise<void> {
  const { startupProbe, livenessProbe, readinessProbe } = watched.container;
  if (startupProbe !== undefined && watched.memory.probes.get(watched.target.id)?.started !== true) {
    await repeat(watched, "Startup", startupProbe, signal);
  }
  await Promise.all([
    livenessProbe && repeat(watched, "Liveness", livenessProbe, signal),
    readinessProbe && repeat(watched, "Readiness", readinessProbe, signal),
  ]);
}

/** Until the container ends; the startup probe also ends with its first success. */
async function repeat(watched: Watched, kind: ProbeKind, probe: Probe, signal: AbortSignal): Promise<void> {
  const { manager, container, target, podIp } = watched;
  const probeTarget: ProbeTarget = { container, containerId: target.id, podIp };
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  let streak: Streak = noStreak;
  let nextMs = target.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
  while (await pauseUntil(nextMs, signal)) {
    nextMs = Date.now() + periodMs;
    const result = await runProbe(manager.context.cri, probe, probeTarget, signal);
    if (signal.aborted) {
      return;
    }
    streak = extend(streak, result.ok);
    if (!result.ok) {
      const message = `${kind} probe failed: ${result.output}`;
      manager.context.events.warning(watched.pod, "Unhealthy", message);
    }
    const verdict = verdictOf(streak, probe);
    if (verdict !== undefined) {
      note(watched, kind, verdict);
    }
    if (kind === "Startup" && verdict === true) {
      return;
    }
  }
}

/** @returns false when the probes are to end */
async function pauseUntil(timeMs: number, signal: AbortSignal): Promise<boolean> {
  const ms = Math.max(0, timeMs - Date.now());
  return await delay(ms, true, { signal }).catch(() => false);
}

function note({ memory, target, container, wake }: Watched, kind: ProbeKind, ok: boolean): void {
  const before = memory.probes.get(target.id);
  if (before === undefined) {
    return;
  }
  const after = { ...before, ...changeBy(kind, ok, container.name) };
  memory.probes.set(target.id, after);
  if (after.ready !== before.ready || after.started !== before.started || after.unhealthy !== before.unhealthy) {
    wake();
  }
}

function changeBy(kind: ProbeKind, ok: boolean, container: string): Partial<ProbeState> {
  switch (kind) {
    case "Readiness":
      return { ready: ok };
    case "Startup":
      return ok ? { started: true } : { unhealthy: `Container ${container} failed startup probe, will be restarted` };
    case "Liveness":
      return ok ? {} : { unhealthy: `Container ${container} failed liveness probe, will be restarted` };
    default:
      return kind satisfies never;
  }
}
