/** IPv4 networks as numbers. */
import { isIPv4 } from "node:net";

export interface Ipv4Network {
  /** The lowest address. */
  first: number;
  /** The highest address. */
  last: number;
}

/** Undefined when the text is no IPv4 network such as `10.0.0.0/8`; bits of a host do not matter. */
export function parseIpv4Network(cidr: string): Ipv4Network | undefined {
  const [address = "", length = "", ...rest] = cidr.split("/");
  const prefixLength = Number(length);
  if (rest.length > 0 || !isIPv4(address) || !/^\d{1,2}$/.test(length) || prefixLength > 32) return undefined;
  const size = 2 ** (32 - prefixLength);
  const first = Math.floor(ipv4ToNumber(address) / size) * size;
  return { first, last: first + size - 1 };
}

export function ipv4ToNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** False for what is no IPv4 network or address. */
export function networkHolds(cidr: string, address: string): boolean {
  const network = parseIpv4Network(cidr);
  if (network === undefined || !isIPv4(address)) return false;
  const number = ipv4ToNumber(address);
  return number >= network.first && number <= network.last;
}
