/** Tells those who wait that there may be something new. It carries nothing: what is new they read themselves. */
export interface Bell {
  ring(): void;
  listen(signal: AbortSignal): Listener;
  readonly closed: boolean;
  close(): void;
}

export interface Listener {
  /** Resolves when the bell rang since the last call, ticked, or closed, or the signal aborted. */
  wait(): Promise<void>;
  /** True once after each tick. */
  takeTick(): boolean;
  stop(): void;
}

const tickIntervalMs = 1000;

export function createBell(): Bell {
  const wakers = new Set<(isTick: boolean) => void>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const wakeAll = (isTick: boolean) => {
    for (const wake of wakers) wake(isTick);
  };

  function add(wake: (isTick: boolean) => void): void {
    wakers.add(wake);
    timer ??= setInterval(() => wakeAll(true), tickIntervalMs).unref();
  }

  function remove(wake: (isTick: boolean) => void): void {
    wakers.delete(wake);
    if (wakers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    get closed() {
      return closed;
    },
    ring: () => wakeAll(false),
    listen: (signal) => createListener(signal, add, remove),
    close() {
      closed = true;
      wakeAll(false);
    },
  };
}

function createListener(
  signal: AbortSignal,
  add: (wake: (isTick: boolean) => void) => void,
  remove: (wake: (isTick: boolean) => void) => void,
): Listener {
  let rang = false;
  let ticked = false;
  let resolve: (() => void) | undefined;

  function wake(isTick: boolean): void {
    rang = true;
    ticked ||= isTick;
    resolve?.();
  }

  const onAbort = () => wake(false);
  add(wake);
  signal.addEventListener("abort", onAbort, { once: true });

  return {
    async wait() {
      if (!rang) {
        await new Promise<void>((wakeUp) => {
          resolve = wakeUp;
        });
      }
      resolve = undefined;
      rang = false;
    },
    takeTick() {
      const had = ticked;
      ticked = false;
      return had;
    },
    stop() {
      remove(wake);
      signal.removeEventListener("abort", onAbort);
    },
  };
}
