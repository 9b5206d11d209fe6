/** A controller that dies in the middle of its work. */
import { isStatus } from "../base/errors.ts";
import type { Reconciler } from "../runtime/reconciler.ts";

/** One look at the object, which ends after so many actions. A lost race is no error. */
export async function reconcilePartly<O, A>(reconciler: Reconciler<O, A>, key: string, actions: number): Promise<void> {
  const { signal } = new AbortController();
  try {
    const observation = await reconciler.observe(key, signal);
    if (observation === undefined) return;
    await reconciler.writeStatus?.(observation, signal);
    for (const action of reconciler.plan(observation).slice(0, actions)) await reconciler.execute(action, signal);
  } catch (error) {
    if (!isStatus(error, "Conflict", "NotFound", "AlreadyExists")) throw error;
  }
}
