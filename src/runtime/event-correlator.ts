/**
 * Decides which events are worth sending, as client-go does: an object may burst and is then held to a trickle, and
 * many messages of one reason become one event. Warnings have a burst of their own, so that routine silences no trouble: a
 * machine that was moved some times within minutes had none left. Pure but for its memory, which is bounded.
 */
export interface OccurredEvent {
  /** Identity of the object that it is about. */
  object: string;
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

export interface CorrelatedEvent {
  /** Events of the same key are counted on one API object. */
  key: string;
  message: string;
}

export interface EventCorrelator {
  /** @returns undefined when the event is to be dropped */
  admit(event: OccurredEvent, nowMs: number): CorrelatedEvent | undefined;
}

const burst = 25;
const refillMs = 300_000;
/** More different messages than this within the window are combined. */
const distinctMessages = 10;
const windowMs = 600_000;
const remembered = 4096;

export function createEventCorrelator(): EventCorrelator {
  const buckets = new Map<string, { tokens: number; filledAtMs: number }>();
  const groups = new Map<string, { messages: Set<string>; lastMs: number }>();

  function takeToken(budget: string, nowMs: number): boolean {
    const bucket = buckets.get(budget) ?? { tokens: burst, filledAtMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.filledAtMs) / refillMs);
    const isAdmitted = tokens >= 1;
    remember(buckets, budget, { tokens: isAdmitted ? tokens - 1 : tokens, filledAtMs: nowMs });
    return isAdmitted;
  }

  function isCombined(group: string, message: string, nowMs: number): boolean {
    const known = groups.get(group);
    const current = known && nowMs - known.lastMs < windowMs ? known : { messages: new Set<string>(), lastMs: nowMs };
    if (current.messages.size <= distinctMessages) current.messages.add(message);
    remember(groups, group, { messages: current.messages, lastMs: nowMs });
    return current.messages.size > distinctMessages;
  }

  return {
    admit({ object, type, reason, message }, nowMs) {
      const group = JSON.stringify([object, type, reason]);
      const combined = isCombined(group, message, nowMs);
      if (!takeToken(JSON.stringify([object, type]), nowMs)) return undefined;
      if (combined) return { key: group, message: `(combined from similar events): ${message}` };
      return { key: JSON.stringify([object, type, reason, message]), message };
    },
  };
}

/** Sets it as the newest and forgets the oldest beyond the limit. */
export function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= remembered) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
