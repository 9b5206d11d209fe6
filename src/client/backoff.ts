const firstMs = 100;
const longestMs = 10_000;

/** Exponential with full jitter above half, so that many clients of a restarted server do not come back at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30));
  return ceiling / 2 + (random() * ceiling) / 2;
}
