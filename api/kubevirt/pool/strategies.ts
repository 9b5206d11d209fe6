/**
 * How a VirtualMachinePool removes and changes its machines, as its spec says. Left open, it does both by itself.
 *
 *               scale in                               update
 *   proactive   deletes machines                       gives machines the new template, restarts their instances
 *   opportun.   waits until somebody deletes them      gives machines the new template; the next restart is the user's
 *   unmanaged   never                                  leaves machines as they were made
 */
import type { VirtualMachinePool } from "../resources.ts";

export const sortPolicies = ["AscendingOrder", "DescendingOrder", "Newest", "Oldest", "Random"] as const;
export type SortPolicy = (typeof sortPolicies)[number];

export const statePreservations = ["Disabled", "Offline", "Online"] as const;

export const strategyNames = ["proactive", "opportunistic", "unmanaged"] as const;
export type StrategyName = (typeof strategyNames)[number];

type Spec = VirtualMachinePool["spec"];
type ScaleIn = NonNullable<NonNullable<Spec["scaleInStrategy"]>["proactive"]>;
export type SelectionPolicy = NonNullable<ScaleIn["selectionPolicy"]>;

export interface Strategy {
  name: StrategyName;
  /** Which machines come first. */
  selection: SelectionPolicy;
}

export interface ScaleInStrategy extends Strategy {
  /** The volumes that were made for a machine outlive it, for the next one of its name. */
  keepsVolumes: boolean;
}

export function scaleInOf({ scaleInStrategy: given }: Spec): ScaleInStrategy {
  const name = nameIn(given);
  const preservation = given?.proactive?.statePreservation ?? given?.opportunistic?.statePreservation;
  return { name, selection: given?.proactive?.selectionPolicy ?? {}, keepsVolumes: preservation === "Offline" };
}

export function updateOf({ updateStrategy: given }: Spec): Strategy {
  return { name: nameIn(given), selection: given?.proactive?.selectionPolicy ?? {} };
}

function nameIn(given: Partial<Record<StrategyName, unknown>> | undefined): StrategyName {
  return strategyNames.find((name) => given?.[name]) ?? "proactive";
}

export const autohealingDefaults = { startUpFailureThreshold: 3, minFailingToStartDuration: "5m" } as const;

/** How many machines may be down at a time because of an update; a share is rounded up. */
export function maxUnavailableOf({ maxUnavailable = "100%", replicas = 1 }: Spec): number {
  const share = sharePercent(maxUnavailable);
  return Math.max(1, share === undefined ? Number(maxUnavailable) : Math.ceil((share * replicas) / 100));
}

/** Of `25%`, 25. */
export function sharePercent(text: number | string): number | undefined {
  const digits = /^(\d+)%$/.exec(String(text))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
