/** IPv6 addresses and networks as numbers. */
import { isIPv6 } from "node:net";

export interface Ipv6Network {
  /** The lowest address. */
  first: bigint;
  /** The highest address. */
  last: bigint;
}

const bits = 128;

/** Undefined when the text is no IPv6 network such as `fd00::/8`; bits of a host do not matter. */
export function parseIpv6Network(cidr: string): Ipv6Network | undefined {
  const [address = "", length = "", ...rest] = cidr.split("/");
  const prefixLength = Number(length);
  if (rest.length > 0 || !isPlainIpv6(address) || !/^\d{1,3}$/.test(length) || prefixLength > bits) return undefined;
  const size = 1n << BigInt(bits - prefixLength);
  const first = (ipv6ToNumber(address) / size) * size;
  return { first, last: first + size - 1n };
}

/** An address without a zone. */
export function isPlainIpv6(address: string): boolean {
  return isIPv6(address) && !address.includes("%");
}

export function ipv6ToNumber(address: string): bigint {
  const [head = "", tail] = canonical(address).split("::");
  const groups = (part: string | undefined): string[] => (part ? part.split(":") : []);
  const [before, after] = [groups(head), groups(tail)];
  const between = Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...between, ...after].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** As RFC 5952 writes it, e.g. `fd00::1`. */
export function formatIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (address >> BigInt(112 - index * 16)) & 0xffffn);
  return canonical(groups.map((group) => group.toString(16)).join(":"));
}

/** URLs have one way of writing an address. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
