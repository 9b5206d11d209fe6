/**
 * Runs work by key: one run per key at a time, different keys side by side. A key that is woken while it runs is
 * run once more afterwards.
 */
import { longestTimerMs } from "../../base/longest-timer.ts";

export interface KeyedQueue {
  wake(key: string): void;
  /** Wakes the key at this time, or as late as a timer can, unless it asks for another time before. */
  wakeAt(key: string, timeMs: number): void;
  /** Resolves when nothing runs; afterwards nothing is started any more. */
  close(): Promise<void>;
}

export function createKeyedQueue(work: (key: string) => Promise<void>): KeyedQueue {
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  let closed = false;

  function wake(key: string): void {
    if (closed) {
      return;
    }
    clearTimer(key);
    if (running.has(key)) {
      again.add(key);
      return;
    }
    // Noted before it runs: the work may wake its own key.
    running.set(
      key,
      Promise.resolve().then(() => run(key)),
    );
  }

  async function run(key: string): Promise<void> {
    try {
      await work(key);
    } finally {
      running.delete(key);
      if (again.delete(key)) {
        wake(key);
      }
    }
  }

  function clearTimer(key: string): void {
    clearTimeout(timers.get(key));
    timers.delete(key);
  }

  return {
    wake,
    wakeAt(key, timeMs) {
      clearTimer(key);
      if (!closed) {
        timers.set(
          key,
          setTimeout(() => wake(key), Math.min(Math.max(0, timeMs - Date.now()), longestTimerMs)),
        );
      }
    },
    async close() {
      closed = true;
      for (const key of timers.keys()) {
        clearTimer(key);
      }
      await Promise.all(running.values());
    },
  };
}
