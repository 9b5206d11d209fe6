import type { KubeObject, Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { watchUntil, type WatchUntilOptions } from "../../client/wait-for.ts";

/** How long something is waited for, and who hears why. */
export interface Waiting {
  /** Called when the reason has changed. */
  onWait: (reason: string) => void;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Watches a collection until nothing is lacking in it.
 * @param lackIn what is, in one sentence
 * @throws Error with the last reason when it takes too long
 */
export async function untilNothingLacks<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  which: Pick<WatchUntilOptions, "namespace" | "labelSelector">,
  { onWait, timeoutMs, signal }: Waiting,
  lackIn: (found: readonly T[]) => string | undefined,
): Promise<void> {
  let shown: string | undefined;
  const look = (found: T[]): true | undefined => {
    const reason = lackIn(found);
    if (reason === undefined) return true;
    if (reason !== shown) onWait((shown = reason));
    return undefined;
  };
  try {
    await watchUntil(client, resource, { ...which, timeoutMs, signal }, look);
  } catch (error) {
    if (!isStatus(error, "Timeout") || shown === undefined) throw error;
    throw new Error(`after ${Math.round(timeoutMs / 1000)} s still: ${shown}`, { cause: error });
  }
}
