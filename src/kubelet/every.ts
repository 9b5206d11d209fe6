import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";

const firstRetryMs = 1000;

/** Does something now and then again and again; after a failure sooner. Never ends before the signal. */
export function every(
  log: Logger,
  what: string,
  periodMs: number,
  signal: AbortSignal,
  work: () => Promise<unknown>,
): void {
  void (async () => {
    while (!signal.aborted) {
      const failure = await work().then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );
      if (failure !== undefined && !signal.aborted) {
        log.warn({ error: failure }, `cannot ${what}`);
      }
      await delay(failure === undefined ? periodMs : Math.min(firstRetryMs, periodMs), undefined, { signal }).catch(
        () => undefined,
      );
    }
  })();
}
