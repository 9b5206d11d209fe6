/** Conditions, as every kind's status has them. Pure: lists are never changed in place. */
import type { Condition } from "../../api/meta.ts";

export function findCondition<C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

/** `lastTransitionTime` moves only when the status does. @returns the same list when nothing changed */
export function setCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  wanted: C,
  now = new Date(),
): C[] {
  const existing = findCondition(conditions, wanted.type);
  const others = conditions ?? [];
  if (!existing) return [...others, { ...wanted, lastTransitionTime: wanted.lastTransitionTime ?? timestamp(now) }];
  if (saysSame(existing, wanted)) return others as C[];
  const lastTransitionTime = existing.status === wanted.status ? existing.lastTransitionTime : timestamp(now);
  const updated = { ...existing, ...wanted, lastTransitionTime };
  return others.map((condition) => (condition === existing ? updated : condition));
}

/** The wanted conditions and nothing else, with the transition times of those that did not change. */
export function mergeConditions<C extends Condition>(
  existing: readonly C[] | undefined,
  wanted: readonly C[],
  now = new Date(),
): C[] {
  const types = new Set(wanted.map(({ type }) => type));
  const kept = (existing ?? []).filter(({ type }) => types.has(type));
  return wanted.reduce((merged, condition) => setCondition(merged, condition, now), kept);
}

export function removeCondition<C extends Condition>(conditions: readonly C[] | undefined, type: string): C[] {
  if (!findCondition(conditions, type)) return (conditions ?? []) as C[];
  return (conditions ?? []).filter((condition) => condition.type !== type);
}

/** RFC 3339 to the second, as Kubernetes writes times. */
export function timestamp(now = new Date()): string {
  return now.toISOString().replace(/\.\d+Z$/, "Z");
}

function saysSame(existing: Condition, wanted: Condition): boolean {
  return (Object.keys(wanted) as (keyof Condition)[])
    .filter((field) => field !== "lastTransitionTime" && field !== "lastProbeTime")
    .every((field) => existing[field] === wanted[field]);
}
