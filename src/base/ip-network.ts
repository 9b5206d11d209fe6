/** Addresses and networks of either family. */
import { isIPv4 } from "node:net";
import { networkHolds as ipv4NetworkHolds, parseIpv4Network } from "./ipv4.ts";
import { ipv6ToNumber, isPlainIpv6, parseIpv6Network } from "./ipv6.ts";

export const families = ["IPv4", "IPv6"] as const;
/** As Kubernetes calls them. */
export type IpFamily = (typeof families)[number];

/** Undefined for what is no address. */
export function familyOf(address: string): IpFamily | undefined {
  if (isIPv4(address)) return "IPv4";
  return isPlainIpv6(address) ? "IPv6" : undefined;
}

/** Undefined for what is no network in CIDR notation. */
export function familyOfNetwork(cidr: string): IpFamily | undefined {
  if (parseIpv4Network(cidr) !== undefined) return "IPv4";
  return parseIpv6Network(cidr) === undefined ? undefined : "IPv6";
}

/** False for what is no network or address, and for those of different families. */
export function networkHolds(cidr: string, address: string): boolean {
  if (familyOf(address) !== "IPv6") return ipv4NetworkHolds(cidr, address);
  const network = parseIpv6Network(cidr);
  const number = ipv6ToNumber(address);
  return network !== undefined && number >= network.first && number <= network.last;
}
