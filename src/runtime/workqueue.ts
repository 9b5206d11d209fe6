/**
 * The keys that await work.
 *
 *   add ----------> ready --next()--> in flight --done()--> gone
 *   addAfter --> delayed --'   ^           |
 *                              '-- added again while in flight: ready once more after done()
 *
 * Invariants: a key is ready at most once and in flight at most once; nothing added is lost; a key is handed out
 * again only after `done`. Failures of a key make its own waits longer, nobody else's.
 */
import { longestTimerMs } from "../base/longest-timer.ts";

export interface Workqueue {
  add(key: string): void;
  /** Adds it after the delay; of several the earliest counts. */
  addAfter(key: string, delayMs: number): void;
  /** Adds it after a delay that doubles with each call, until `forget`. */
  addRateLimited(key: string): void;
  /** The work of this key went well: its next failure starts at the shortest delay. */
  forget(key: string): void;
  /** How often `addRateLimited` was called since `forget`. */
  failures(key: string): number;
  /** Resolves with the next key that is ready, or undefined once the queue is shut down. */
  next(): Promise<string | undefined>;
  done(key: string): void;
  /** Hands out nothing more. */
  shutDown(): void;
  /** Ready keys. */
  readonly length: number;
}

export interface WorkqueueOptions {
  firstDelayMs?: number;
  longestDelayMs?: number;
  clock?: Clock;
}

/** Time, so that tests can own it. */
export interface Clock {
  now(): number;
  /** @returns a function that cancels it */
  after(delayMs: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

export function createWorkqueue(options: WorkqueueOptions = {}): Workqueue {
  const { firstDelayMs = 50, longestDelayMs = 60_000, clock = systemClock } = options;
  /** In order of arrival. */
  const ready = new Set<string>();
  const inFlight = new Set<string>();
  const againAfterDone = new Set<string>();
  const delayed = new Map<string, { at: number; cancel: () => void }>();
  const failures = new Map<string, number>();
  const takers: ((key: string | undefined) => void)[] = [];
  let isShutDown = false;

  function add(key: string): void {
    if (isShutDown) return;
    if (inFlight.has(key)) againAfterDone.add(key);
    else {
      ready.add(key);
      handOut();
    }
  }

  function handOut(): void {
    for (const key of ready) {
      const take = takers.shift();
      if (!take) return;
      ready.delete(key);
      inFlight.add(key);
      take(key);
    }
  }

  function addAfter(key: string, delayMs: number): void {
    if (isShutDown) return;
    if (delayMs <= 0) return add(key);
    const at = clock.now() + delayMs;
    const earlier = delayed.get(key);
    if (earlier && earlier.at <= at) return;
    earlier?.cancel();
    const cancel = clock.after(Math.min(delayMs, longestTimerMs), () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { at, cancel });
  }

  return {
    add,
    addAfter,
    addRateLimited(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      addAfter(key, Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(count, 30)));
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
    next() {
      if (isShutDown) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        takers.push(resolve);
        handOut();
      });
    },
    done(key) {
      inFlight.delete(key);
      if (againAfterDone.delete(key)) add(key);
    },
    shutDown() {
      isShutDown = true;
      ready.clear();
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      for (const take of takers.splice(0)) take(undefined);
    },
    get length() {
      return ready.size;
    },
  };
}
