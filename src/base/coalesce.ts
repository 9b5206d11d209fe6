/**
 * Lets callers share the runs of something that looks at the world. A caller shares only a run that begins after the call: what was there when
 * it asked is in its answer.
 *
 *   call ──▶ run 1 ─────────▶ answer
 *     call, call ──▶ (wait) ──▶ run 2 ──▶ answers
 */
export function coalesce<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  function begin(): Promise<T> {
    next = undefined;
    const run = work();
    running = run;
    return run;
  }
  return () => (next ??= running.then(begin, begin));
}
