import type { Situation } from "./situation.ts";

/** The namespace flag for a command to type, when one is needed. */
export function flags({ namespace }: Pick<Situation, "namespace">): string {
  return namespace === "default" ? "" : ` -n ${namespace}`;
}
