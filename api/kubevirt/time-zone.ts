/**
 * What a machine's clock shows, as the `TZ` of its QEMU: a zone by name, or so many seconds ahead of UTC, which POSIX writes as a zone that
 * is behind. Undefined: UTC.
 */
import type { Domain } from "./types.ts";

/** POSIX' own limit. */
export const maxOffsetSeconds = 24 * 3600;

export function timeZoneOf({ timezone, utc }: NonNullable<Domain["clock"]>): string | undefined {
  if (timezone && timezone !== "UTC") return timezone;
  return utc?.offsetSeconds ? posixZone(utc.offsetSeconds) : undefined;
}

function posixZone(offsetSeconds: number): string {
  const seconds = Math.abs(offsetSeconds);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `VMT${offsetSeconds > 0 ? "-" : "+"}${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
}

/** By the name that its file has: `europe/berlin` names none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Z][\w+-]*(\/[\w+-]+)*$/.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
