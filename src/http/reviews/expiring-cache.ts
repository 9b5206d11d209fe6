/** Answers that hold for a few seconds, a bounded number of them. */
export interface ExpiringCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

export interface ExpiringCacheOptions {
  lifetimeMs: number;
  /** More than this many: the oldest goes. */
  most?: number;
  now?: () => number;
}

const defaultMost = 4096;

export function createExpiringCache<V>(options: ExpiringCacheOptions): ExpiringCache<V> {
  const { lifetimeMs, most = defaultMost, now = Date.now } = options;
  /** In the order in which they end. */
  const entries = new Map<string, { value: V; endsAtMs: number }>();

  function dropEnded(): void {
    for (const [key, { endsAtMs }] of entries) {
      if (endsAtMs > now() && entries.size <= most) return;
      entries.delete(key);
    }
  }

  return {
    get(key) {
      const entry = entries.get(key);
      return entry && entry.endsAtMs > now() ? entry.value : undefined;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, { value, endsAtMs: now() + lifetimeMs });
      dropEnded();
    },
  };
}
