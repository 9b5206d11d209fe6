import type { Clock } from "./workqueue.ts";

/** Time that passes when it is told to: for tests and simulations. */
export interface VirtualClock extends Clock {
  /** Runs what falls due, in order of time. */
  pass(ms: number): void;
  /** Milliseconds until the next action; undefined when there is none. */
  untilNext(): number | undefined;
}

export function createVirtualClock(): VirtualClock {
  let now = 0;
  let timers: { at: number; action: () => void }[] = [];

  return {
    now: () => now,
    after(delayMs, action) {
      const timer = { at: now + delayMs, action };
      timers.push(timer);
      timers.sort((a, b) => a.at - b.at);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    pass(ms) {
      const end = now + ms;
      for (let next = timers[0]; next && next.at <= end; next = timers[0]) {
        timers.shift();
        now = next.at;
        next.action();
      }
      now = end;
    },
    untilNext: () => (timers[0] ? timers[0].at - now : undefined),
  };
}
