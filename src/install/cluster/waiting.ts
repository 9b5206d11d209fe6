/** How long something is waited for, and who hears why. */
export interface Waiting {
  /** Called when the reason has changed. */
  onWait: (reason: string) => void;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Passes each reason on once. */
export function onceEach({ onWait }: Waiting): (reason: string) => void {
  let shown: string | undefined;
  return (reason) => {
    if (reason === shown) return;
    shown = reason;
    onWait(reason);
  };
}
