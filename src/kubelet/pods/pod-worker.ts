/**
 * The loop over one pod: read, report, decide, do.
 *
 * Short actions are done in order and the pod is looked at again; long ones (a start with its image pull and
 * postStart hook, a stop with its grace period) run beside the loop, and their end wakes it.
 */
import type { Pod } from "../../../api/core.ts";
import { messageOf, TerminalError } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import { type Action, actionKey, isLong } from "./actions.ts";
import type { Executor } from "./executor.ts";
import { asCreatedIfCutShort } from "./cut-short.ts";
import { createKeyedQueue } from "./keyed-queue.ts";
import { type MutablePodMemory, newPodMemory, noteFailure } from "./memory.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { readRuntimeState } from "./runtime-state.ts";
import { wakeBefore } from "./steps.ts";
import { writeStatus } from "./write-status.ts";
import { type ProbeManager, syncProbes } from "../probes/probe-manager.ts";

/** How soon to read again what the runtime has not noticed yet. */
const behindMs = 30;

export interface PodWorker {
  wake(uid: string): void;
  /** A container or sandbox ended: its pod is looked at until the runtime tells the same. */
  noteExit(id: string): void;
  /** UIDs that are being worked on. */
  known(): string[];
  memoryOf(uid: string): MutablePodMemory | undefined;
  close(): Promise<void>;
}

export function createPodWorker(context: KubeletContext, executor: Executor, probes: ProbeManager): PodWorker {
  const memories = new Map<string, MutablePodMemory>();
  /** Runtime id of a container or sandbox -> pod UID. */
  const owners = new Map<string, string>();
  /** Ended by the runtime's events. */
  const exited = new Set<string>();
  const queue = createKeyedQueue(reconcile);

  async function reconcile(uid: string): Promise<void> {
    const memory = memories.get(uid) ?? newPodMemory();
    memories.set(uid, memory);
    try {
      await reconcileOnce(uid, memory);
    } catch (error) {
      // The runtime or the API server does not answer.
      const failure = noteFailure(memory, "reconcile", "Reconcile", messageOf(error));
      context.log.warn({ uid, error: failure.message }, "pod reconcile failed");
      queue.wakeAt(uid, failure.retryAtMs);
    }
  }

  async function reconcileOnce(uid: string, memory: MutablePodMemory): Promise<void> {
    const o = await observe(uid, memory);
    syncProbes(probes, o, memory, () => queue.wake(uid));
    if (o.pod !== undefined) {
      await writeStatus(context, o, o.pod);
    }
    memory.failures.delete("reconcile");
    if (isBehind(o)) {
      queue.wakeAt(uid, Date.now() + behindMs);
      return;
    }
    const planned = plan(o);
    const { acted, retryAtMs } = await act(o, memory, planned.actions);
    const wakeAtMs = wakeBefore(planned.wakeAtMs, retryAtMs);
    if (acted) {
      queue.wake(uid);
    } else if (isForgotten(o)) {
      memories.delete(uid);
    } else if (wakeAtMs !== undefined) {
      queue.wakeAt(uid, wakeAtMs);
    }
  }

  async function observe(uid: string, memory: MutablePodMemory): Promise<Observation> {
    const inFlightBefore = [...memory.inFlight];
    const runtime = await readRuntimeState(context.cri, context.rootDir, uid);
    for (const { id } of [...runtime.containers, ...runtime.sandboxes]) {
      owners.set(id, uid);
    }
    forgetOthers(uid, new Set([...runtime.containers, ...runtime.sandboxes].map(({ id }) => id)));
    const pod = context.podByUid(uid);
    const containers = runtime.containers.map((container) => asCreatedIfCutShort(container, pod, memory));
    // What ended while the runtime was read may show there as it was before: it counts as under way until the next look.
    const inFlight = new Set([...inFlightBefore, ...memory.inFlight]);
    return { uid, pod, runtime: { ...runtime, containers }, memory: { ...memory, inFlight }, nowMs: Date.now() };
  }

  async function act(o: Observation, memory: MutablePodMemory, actions: Action[]): Promise<Acted> {
    let acted = false;
    let retryAtMs: number | undefined;
    for (const action of actions) {
      if (isLong(action)) {
        retryAtMs = wakeBefore(retryAtMs, startLong(o, memory, action));
        continue;
      }
      const failedUntilMs = await doShort(o, memory, action);
      if (failedUntilMs !== undefined) {
        return { acted: false, retryAtMs: wakeBefore(retryAtMs, failedUntilMs) };
      }
      acted = true;
    }
    return { acted, retryAtMs };
  }

  /** @returns when to try again what failed */
  async function doShort(o: Observation, memory: MutablePodMemory, action: Action): Promise<number | undefined> {
    const key = actionKey(action);
    try {
      await executor.execute(action, o, memory);
      memory.failures.delete(key);
      return undefined;
    } catch (error) {
      return fail(o, memory, key, error);
    }
  }

  /** @returns when to start what has failed a moment ago: not yet */
  function startLong(o: Observation, memory: MutablePodMemory, action: Action): number | undefined {
    const key = actionKey(action);
    if (memory.inFlight.has(key)) {
      executor.hurry(action);
      return undefined;
    }
    const retryAtMs = memory.failures.get(key)?.retryAtMs ?? 0;
    if (retryAtMs > o.nowMs) {
      return retryAtMs;
    }
    memory.inFlight.add(key);
    executor
      .execute(action, o, memory)
      .then(() => memory.failures.delete(key))
      .catch((error: unknown) => fail(o, memory, key, error))
      .finally(() => {
        memory.inFlight.delete(key);
        queue.wake(o.uid);
      });
    return undefined;
  }

  /** @returns when to try again */
  function fail(o: Observation, memory: MutablePodMemory, key: string, error: unknown): number {
    const reason = error instanceof TerminalError ? error.reason : "Failed";
    const known = memory.failures.get(key);
    const failure = noteFailure(memory, key, reason, messageOf(error));
    if (known?.message !== failure.message) {
      context.log.warn({ uid: o.uid, pod: nameOf(o.pod), action: key, error: failure.message }, "pod action failed");
    }
    return failure.retryAtMs;
  }

  function forgetOthers(uid: string, known: Set<string>): void {
    for (const [id, owner] of owners) {
      if (owner === uid && !known.has(id)) {
        owners.delete(id);
        exited.delete(id);
      }
    }
  }

  /** The runtime's records do not show an end yet that its events told. */
  function isBehind(o: Observation): boolean {
    const live = o.runtime.containers.filter(({ phase }) => phase === "running");
    const ready = o.runtime.sandboxes.filter((sandbox) => sandbox.ready);
    return [...live, ...ready].some(({ id }) => exited.has(id));
  }

  return {
    wake(uid) {
      const pod = context.podByUid(uid);
      // Not left to the look: that may itself wait for what is not needed any more.
      if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined) {
        memories.get(uid)?.deleted.abort();
      }
      queue.wake(uid);
    },
    noteExit(id) {
      exited.add(id);
      const uid = owners.get(id);
      // Not read yet: one of those that are being worked on.
      for (const candidate of uid === undefined ? memories.keys() : [uid]) {
        queue.wake(candidate);
      }
    },
    known: () => [...memories.keys()],
    memoryOf: (uid) => memories.get(uid),
    close: () => queue.close(),
  };
}

interface Acted {
  /** The pod has to be looked at again at once. */
  acted: boolean;
  /** When to try again what failed. */
  retryAtMs: number | undefined;
}

const nameOf = (pod: Pod | undefined): string | undefined =>
  pod === undefined ? undefined : `${pod.metadata?.namespace}/${pod.metadata?.name}`;

function isForgotten(o: Observation): boolean {
  return (
    o.pod === undefined &&
    o.runtime.containers.length + o.runtime.sandboxes.length === 0 &&
    o.memory.cleanedUp &&
    o.memory.inFlight.size === 0
  );
}
