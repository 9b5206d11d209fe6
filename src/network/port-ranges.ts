/** Lists of ports, as rules and command lines want them. Pure. */
import type { PortForward } from "./pod-network.ts";

export interface PortRange {
  first: number;
  last: number;
}

/** In order and apart from each other: nft takes no set whose intervals overlap. */
export function joinedRanges(ports: readonly PortForward[]): PortRange[] {
  const ranges = ports.map(({ port, lastPort = port }): PortRange => ({ first: port, last: lastPort }));
  const result: PortRange[] = [];
  for (const range of ranges.sort((one, other) => one.first - other.first)) {
    const before = result.at(-1);
    if (before !== undefined && range.first <= before.last) before.last = Math.max(before.last, range.last);
    else result.push(range);
  }
  return result;
}

export function formatPortRange({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}
