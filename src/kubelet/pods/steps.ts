import type { Action } from "./actions.ts";
import type { Observation } from "./observation.ts";

export interface Plan {
  actions: Action[];
  /** Look again at this time, although nothing changed. */
  wakeAtMs?: number;
}

/** Part of a plan; undefined: nothing to do here, the next step decides. */
export type Step = (o: Observation) => Plan | undefined;

/** The earliest of these times. */
export function wakeBefore(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
