/** Durations as kubectl prints them (k8s.io/apimachinery duration.HumanDuration): two units at most. */

const minuteSeconds = 60;
const hourSeconds = 60 * minuteSeconds;
const daySeconds = 24 * hourSeconds;
const yearSeconds = 365 * daySeconds;

export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * minuteSeconds) return `${seconds}s`;
  if (seconds < 10 * minuteSeconds) return pair(seconds, minuteSeconds, "m", 1, "s");
  if (seconds < 3 * hourSeconds) return `${Math.floor(seconds / minuteSeconds)}m`;
  if (seconds < 8 * hourSeconds) return pair(seconds, hourSeconds, "h", minuteSeconds, "m");
  if (seconds < 2 * daySeconds) return `${Math.floor(seconds / hourSeconds)}h`;
  if (seconds < 8 * daySeconds) return pair(seconds, daySeconds, "d", hourSeconds, "h");
  if (seconds < 2 * yearSeconds) return `${Math.floor(seconds / daySeconds)}d`;
  if (seconds < 8 * yearSeconds) return pair(seconds, yearSeconds, "y", daySeconds, "d");
  return `${Math.floor(seconds / yearSeconds)}y`;
}

function pair(seconds: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % big) / small);
  return `${Math.floor(seconds / big)}${bigUnit}${rest === 0 ? "" : `${rest}${smallUnit}`}`;
}

export function ageOf(timestamp: string | undefined, now = Date.now()): string {
  if (!timestamp) return "<unknown>";
  const then = Date.parse(timestamp);
  return Number.isNaN(then) ? "<invalid>" : humanDuration(now - then);
}
