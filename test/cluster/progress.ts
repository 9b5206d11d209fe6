/** What a start tells while it goes on. */
export type Progress =
  /** Something that is worth a line, and has no end. */
  { step: string; state: "note" } | { step: string; state: "done"; ms: number; cached?: boolean };

export type Stepper = <T>(step: string, run: () => Promise<T>) => Promise<T>;

/** Times each step; a result that says it was `cached` is told as such. */
export function stepper(tell: (progress: Progress) => void): Stepper {
  return async (step, run) => {
    const startedAt = performance.now();
    const result = await run();
    const ms = performance.now() - startedAt;
    tell({ step, state: "done", ms, ...(isCached(result) && { cached: true }) });
    return result;
  };
}

function isCached(result: unknown): boolean {
  const parts: unknown[] = Array.isArray(result) ? result : [result];
  return parts.length > 0 && parts.every((part) => (part as { result?: string } | undefined)?.result === "cached");
}
