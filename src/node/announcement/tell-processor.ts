import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Processor } from "../../qemu/probe/processor.ts";

const firstRetryMs = 5_000;
const longestRetryMs = 5 * 60_000;

export interface Asking {
  log: Logger;
  signal: AbortSignal;
}

/**
 * Asks QEMU what processors there are until it has told: a node that was too busy for that as its agent started would offer none of them, and
 * run no machine that names one, for as long as the agent runs. Never rejects. @returns undefined when the signal aborts
 */
export async function tellProcessor(
  query: () => Promise<Processor>,
  { log, signal }: Asking,
): Promise<Processor | undefined> {
  for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(2 * waitMs, longestRetryMs)) {
    try {
      return await query();
    } catch (error) {
      log.warn({ error: messageOf(error), waitMs }, "QEMU does not tell what processors there are; asking again");
    }
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
