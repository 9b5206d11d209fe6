/** Turns single results into a verdict: so many of the same kind in a row change it. Pure. */
import type { Probe } from "../../../api/core.ts";

export interface Streak {
  ok: boolean | undefined;
  count: number;
}

export const noStreak: Streak = { ok: undefined, count: 0 };

export function extend(streak: Streak, ok: boolean): Streak {
  return { ok, count: streak.ok === ok ? streak.count + 1 : 1 };
}

/** The verdict once the streak is long enough, else undefined: as before. */
export function verdictOf(streak: Streak, probe: Probe): boolean | undefined {
  const needed = streak.ok === true ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return streak.count >= needed ? streak.ok : undefined;
}
