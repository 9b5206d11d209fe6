/**
 * One shape for every controller (see docs/architecture.md):
 * observe -> write `status(o)` when it differs -> execute `plan(o)` in order -> requeue with back-off on failure.
 */
export interface Reconciler<Observation, Action> {
  readonly name: string;
  /** Reads only; a plain immutable snapshot, or undefined when the object is gone. */
  observe(key: string, signal: AbortSignal): Promise<Observation | undefined>;
  /** Pure: what to change, in order. */
  plan(observation: Observation): Action[];
  /** Writes what is true of the observation, only when it differs; must use the optimistic lock. */
  writeStatus?(observation: Observation, signal: AbortSignal): Promise<void>;
  /** One effect, idempotent. */
  execute(action: Action, signal: AbortSignal): Promise<void>;
  /** Pure: look again after this many milliseconds although nothing changed; after 0, before other keys. */
  requeueAfterMs?(observation: Observation): number | undefined;
}
