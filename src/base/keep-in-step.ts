/**
 * Keeps something outside in step with what is known here. A burst of changes becomes one run, and a run ends before the next begins: of two at
 * once the one that began first, and knows less, could be the last to write.
 *
 *   change, change ──▶ settle ──▶ run ─────────▶ (in step)
 *                                   change ──▶ settle ──▶ (wait) ──▶ run
 */
import { coalesce } from "./coalesce.ts";

export interface KeepInStepOptions {
  /** Looks at what is known when it begins, and writes that. */
  work: () => Promise<void>;
  /** How long to wait for further changes, in milliseconds. */
  settleMs: number;
  /** After how many milliseconds work that failed is tried again. */
  retryMs: number;
  /** Is told why the work failed, unless nobody needs it any more. */
  onError: (error: unknown) => void;
  signal: AbortSignal;
}

export interface InStep {
  /** To be called after each change. */
  changed: () => void;
  /** Resolves when all is written that is known at the call; rejects with what its run failed with. */
  now: () => Promise<void>;
}

export function keepInStep({ work, settleMs, retryMs, onError, signal }: KeepInStepOptions): InStep {
  const now = coalesce(work);
  let timer: NodeJS.Timeout | undefined;

  function schedule(delayMs: number): void {
    if (!signal.aborted) timer ??= setTimeout(() => void run(), delayMs);
  }

  async function run(): Promise<void> {
    timer = undefined;
    if (signal.aborted) return;
    try {
      await now();
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      schedule(retryMs);
    }
  }

  return { now, changed: () => schedule(settleMs) };
}
