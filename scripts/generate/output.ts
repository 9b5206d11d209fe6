/** JSON with one line per entry, sorted: compact, and yet a change shows as a changed line. */
export function oneLinePerEntry(record: Record<string, unknown>): string {
  const lines = Object.entries(record)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}
