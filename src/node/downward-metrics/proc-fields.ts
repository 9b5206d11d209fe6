/** The numbers of /proc/meminfo (`MemFree:  123 kB`) and /proc/vmstat (`pgpgin 123`) by their names. */
export function parseProcFields(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").map((line) => /^([\w()]+):?\s+(\d+)/.exec(line));
  return new Map(lines.flatMap((match) => (match?.[1] ? [[match[1], Number(match[2])] as const] : [])));
}
