/** Does something again and again until the signal aborts; keeps no process alive. */
export function atIntervals(everyMs: number, signal: AbortSignal, action: () => void): void {
  const timer = setInterval(action, everyMs).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
