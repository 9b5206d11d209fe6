/**
 * Ends one container: preStop hook, then SIGTERM, then SIGKILL. The hook spends from the same grace period; a
 * deletion that becomes more urgent meanwhile shortens what is left.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Container, Pod } from "../../../api/core.ts";
import { messageOf } from "../../base/errors.ts";
import { longestTimerMs } from "../../base/longest-timer.ts";
import { isCriError } from "../../cri/client.ts";
import { ContainerState } from "../../cri/gen/runtime/v1/api.gen.ts";
import type { KubeletContext } from "../context.ts";
import type { Action } from "../pods/actions.ts";
import { endContainer } from "./end-container.ts";
import { runHook } from "./run-hook.ts";

type Stop = Extract<Action, { type: "stop-container" }>;

/** Stops under way, by container id. */
export type Stops = Map<string, { hurry(graceSeconds: number): void }>;

/** After the hook, a container always gets this long to end by itself. */
const leastGraceSeconds = 2;

export async function stopContainer(
  context: KubeletContext,
  stops: Stops,
  pod: Pod | undefined,
  action: Stop,
): Promise<void> {
  const grace = createGrace(action.graceSeconds);
  const end = (seconds: number): Promise<void> => endContainer(context.cri, action.containerId, seconds);
  stops.set(action.containerId, {
    hurry: (seconds) =>
      grace.shorten(seconds, (undo) => {
        end(seconds).catch((error: unknown) => {
          undo();
          context.log.warn({ containerId: action.containerId, error: messageOf(error) }, "cannot end it sooner yet");
        });
      }),
  });
  try {
    const container = specOf(pod, action.container);
    if (pod !== undefined) {
      context.events.normal(pod, "Killing", action.message);
    }
    if (pod !== undefined && container !== undefined && action.graceSeconds > 0) {
      await preStop(context, pod, container, action.containerId, grace);
    }
    grace.hookDone = true;
    await end(action.graceSeconds === 0 ? 0 : Math.max(grace.leftSeconds(), leastGraceSeconds));
  } finally {
    stops.delete(action.containerId);
  }
}

interface Grace {
  hookDone: boolean;
  signal: AbortSignal;
  leftSeconds(): number;
  /** @param afterHook does what is to be done once the hook has run; who could not be hurried, `undo`, is hurried at the next look */
  shorten(seconds: number, afterHook: (undo: () => void) => void): void;
}

function createGrace(seconds: number): Grace {
  let endMs = Date.now() + seconds * 1000;
  const urgent = new AbortController();
  const grace: Grace = {
    hookDone: false,
    signal: urgent.signal,
    leftSeconds: () => Math.max(0, Math.ceil((endMs - Date.now()) / 1000)),
    shorten(wanted, afterHook) {
      const wantedEndMs = Date.now() + wanted * 1000;
      if (wantedEndMs > endMs - 1500) {
        return;
      }
      const before = endMs;
      endMs = wantedEndMs;
      if (grace.hookDone) {
        afterHook(() => {
          endMs = before;
        });
      } else {
        setTimeout(() => urgent.abort(), Math.min(wanted * 1000, longestTimerMs)).unref();
      }
    },
  };
  return grace;
}

function specOf(pod: Pod | undefined, name: string): Container | undefined {
  const all = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])];
  return all.find((container) => container.name === name);
}

async function preStop(
  context: KubeletContext,
  pod: Pod,
  container: Container,
  containerId: string,
  grace: Grace,
): Promise<void> {
  const hook = container.lifecycle?.preStop;
  if (hook === undefined) {
    return;
  }
  const expired = new AbortController();
  const signal = AbortSignal.any([grace.signal, expired.signal]);
  const run = runHook(context, { hook, container, containerId, podIp: pod.status?.podIP ?? "", signal });
  const outcome = run.then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  const leftMs = Math.min(grace.leftSeconds() * 1000, longestTimerMs);
  const deadline = delay(leftMs, "the grace period is over", { signal }).catch(() => "cut short");
  const failure = await Promise.race([outcome, deadline]);
  expired.abort();
  // A hook that waits for the container's end dies with it: that is how it succeeds.
  if (failure !== undefined && (await isRunning(context, containerId))) {
    context.events.warning(pod, "FailedPreStopHook", `PreStopHook failed: ${failure}`);
  }
}

async function isRunning(context: KubeletContext, containerId: string): Promise<boolean> {
  try {
    const { status } = await context.cri.runtime.containerStatus({ containerId });
    return status?.state === ContainerState.CONTAINER_RUNNING;
  } catch (error) {
    if (isCriError(error, "NotFound")) {
      return false;
    }
    throw error;
  }
}
