/**
 * How long to wait before doing again what failed.
 *
 * A container that ends is started again at once the first time, then after 10 s, 20 s, ... 5 min; a run of
 * 10 minutes forgives everything. The level is kept with the runtime's container, so it survives our own restarts.
 */
import type { RuntimeContainer } from "./observation.ts";

const firstDelayMs = 10_000;
const longestDelayMs = 300_000;
const forgivingRunMs = 600_000;

function delayMs(level: number): number {
  return level === 0 ? 0 : Math.min(firstDelayMs * 2 ** (level - 1), longestDelayMs);
}

export interface RestartBackoff {
  delayMs: number;
  /** Not to be started before. */
  readyAtMs: number;
  /** Of the container to be started. */
  nextLevel: number;
}

export function restartBackoff(ended: RuntimeContainer): RestartBackoff {
  const ranMs = ended.startedAtMs > 0 ? ended.finishedAtMs - ended.startedAtMs : 0;
  const level = ranMs >= forgivingRunMs ? 0 : ended.backoffLevel;
  const delay = delayMs(level);
  return { delayMs: delay, readyAtMs: ended.finishedAtMs + delay, nextLevel: level + 1 };
}

/** After the `count`-th failure in a row of pulling an image or creating a container. */
export function failureDelayMs(count: number): number {
  return delayMs(count);
}

/** After the `count`-th failure in a row of setting up a pod: quick at first, what it needs may just be coming. */
export function setupDelayMs(count: number): number {
  return Math.min(500 * 2 ** (count - 1), 15_000);
}
