/**
 * The loop of every controller, written once.
 *
 *   key --> observe --gone--> forget
 *              |
 *              v
 *         writeStatus --> plan --> execute each, in order --> look again after requeueAfterMs
 *              |                        |
 *              '------- failed ---------'--> back off; a conflict only means that the observation was old
 *                                            a TerminalError: told to the caller, not retried
 */
import { isStatus, messageOf, TerminalError } from "../base/errors.ts";
import { createLogger, type Logger } from "../base/log.ts";
import type { Change, Informer } from "../client/informer.ts";
import type { KubeObject } from "../../api/meta.ts";
import { objectKey } from "./object-key.ts";
import type { Reconciler } from "./reconciler.ts";
import { createWorkqueue, type Workqueue } from "./workqueue.ts";

export interface ReconcilerOptions {
  signal: AbortSignal;
  /** Keys worked on at the same time. */
  concurrency?: number;
  queue?: Workqueue;
  log?: Logger;
  /** Told of each failure (conflicts excepted), e.g. to record an Event; it must not throw. */
  onFailure?(key: string, error: unknown): void;
}

/** One that makes no progress lets others have their turn. */
const mostStepsInARow = 10;

export interface ReconcilerLoop {
  enqueue(key: string): void;
  enqueueAfter(key: string, delayMs: number): void;
  /** Resolves after the signal aborted and the work in flight ended. */
  readonly stopped: Promise<void>;
}

export function runReconciler<Observation, Action>(
  reconciler: Reconciler<Observation, Action>,
  options: ReconcilerOptions,
): ReconcilerLoop {
  const { signal, concurrency = 4, queue = createWorkqueue() } = options;
  const log = options.log ?? createLogger(reconciler.name);

  async function worker(): Promise<void> {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      await reconcile(key);
      queue.done(key);
    }
  }

  async function reconcile(key: string): Promise<void> {
    try {
      const againMs = await reconcileInARow(reconciler, key, signal);
      queue.forget(key);
      if (againMs !== undefined) queue.addAfter(key, againMs);
    } catch (error) {
      if (!signal.aborted) onError(key, error);
    }
  }

  function onError(key: string, error: unknown): void {
    if (isStatus(error, "Conflict")) return queue.addRateLimited(key);
    const isTerminal = error instanceof TerminalError;
    log.warn({ key, reconciler: reconciler.name, error: messageOf(error), terminal: isTerminal }, "reconcile failed");
    if (!isTerminal) queue.addRateLimited(key);
    options.onFailure?.(key, error);
  }

  if (signal.aborted) queue.shutDown();
  signal.addEventListener("abort", () => queue.shutDown(), { once: true });
  const stopped = Promise.all(Array.from({ length: concurrency }, worker)).then(() => undefined);
  return { enqueue: (key) => queue.add(key), enqueueAfter: (key, delayMs) => queue.addAfter(key, delayMs), stopped };
}

/** What has a next step takes it before other keys have theirs: it would be ready no sooner for having waited. */
async function reconcileInARow<Observation, Action>(
  reconciler: Reconciler<Observation, Action>,
  key: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  let againMs: number | undefined = 0;
  for (let steps = 0; againMs === 0 && steps < mostStepsInARow && !signal.aborted; steps++) {
    againMs = await reconcileOnce(reconciler, key, signal);
  }
  return againMs;
}

/** @returns when to look again, if the reconciler asks for it */
export async function reconcileOnce<Observation, Action>(
  reconciler: Reconciler<Observation, Action>,
  key: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const observation = await reconciler.observe(key, signal);
  if (observation === undefined) return undefined;
  await reconciler.writeStatus?.(observation, signal);
  for (const action of reconciler.plan(observation)) {
    signal.throwIfAborted();
    await reconciler.execute(action, signal);
  }
  return reconciler.requeueAfterMs?.(observation);
}

/** Enqueues, for each change, the keys that `keysOf` names; by default the object's own. */
export function enqueueOnChange<T extends KubeObject>(
  loop: Pick<ReconcilerLoop, "enqueue">,
  informer: Informer<T>,
  keysOf: (object: T, change: Change<T>) => string[] = (object) => [objectKey(object)],
): void {
  informer.onChange((change) => {
    const before = change.previous ? keysOf(change.previous, change) : [];
    for (const key of new Set([...before, ...keysOf(change.object, change)])) loop.enqueue(key);
  });
}
