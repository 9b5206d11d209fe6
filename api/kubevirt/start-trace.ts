/**
 * When the stages of an instance's start were reached: `status.startTrace`, a time for each mark, to the millisecond. Each is written once, by
 * whoever sees it, together with what is written then anyway. One that nobody saw is absent, and its stage part of the next. Pure.
 *
 *   controller:  created ─ podCreated ─ podScheduled ─ podRunning
 *   node agent:  qemuReady ─ networkReady ─ disksReady ─ guestStarted ─ firstOutput ─ kernelStarted ─ agentConnected
 *
 * The order is the usual one, not a promise: the agent may find QEMU before the controller hears that the pod runs.
 */

export const startMarks = [
  "created",
  "podCreated",
  "podScheduled",
  "podRunning",
  "qemuReady",
  "networkReady",
  "disksReady",
  "guestStarted",
  "firstOutput",
  "kernelStarted",
  "agentConnected",
] as const;

export type StartMark = (typeof startMarks)[number];

/** RFC 3339 with milliseconds. */
export type StartTrace = Partial<Record<StartMark, string>>;

/** What is there stays; undefined when there is nothing. In the order of the marks, so that equal traces are the same JSON. */
export function mergeTraces(known: StartTrace | undefined, news: StartTrace | undefined): StartTrace | undefined {
  const all = { ...news, ...known };
  const entries = startMarks.flatMap((mark) => (all[mark] === undefined ? [] : [[mark, all[mark]] as const]));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
